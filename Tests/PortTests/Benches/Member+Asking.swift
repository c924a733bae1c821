// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

extension ReadPartition {
    /// The one event partition of a bench.
    static let events = ReadPartition(.events(0), 0)
}

extension Member {
    /// Waits until it has gained so many partitions since it was asked.
    ///
    /// - Returns: The partitions in order, and the newest membership.
    func assigned(_ count: Int) async throws -> (partitions: [ReadPartition], membership: GroupMembership) {
        var partitions: [ReadPartition] = []
        return try await self.first { input in
            guard case .group(.assigned(let gained, let membership)) = input else { return nil }
            partitions = (partitions + gained).sorted()
            return partitions.count >= count ? (partitions, membership) : nil
        }
    }

    /// Waits for a revocation, and the membership that is told before it.
    func revoked() async throws -> (partitions: [ReadPartition], id: RevocationID, membership: GroupMembership?) {
        var membership: GroupMembership?
        return try await self.first { input in
            switch input {
            case .group(.membershipChanged(let newer)): membership = newer
            case .group(.revoking(let partitions, let id)): return (partitions, id, membership)
            default: break
            }
            return nil
        }
    }

    /// Waits for so many records of a partition.
    ///
    /// - Returns: Their values and offsets, with the lease under which they are told.
    func records(_ count: Int, of partition: ReadPartition) async throws -> [ToldRecord] {
        var records: [ToldRecord] = []
        return try await self.first { input in
            records += ToldRecord.all(in: input, of: partition)
            return records.count >= count ? records : nil
        }
    }

    /// Asks where a partition stands.
    func location(_ lease: Lease, time: Timestamp? = nil) async throws -> Location {
        self.order(.locate(lease, time: time))
        return try await self.first { input in
            if case .group(.located(lease, .success(let location))) = input { location } else { nil }
        }
    }

    /// Asks what a journal partition says.
    func restore(_ lease: Lease) async throws -> RestoreFacts {
        self.order(.restore(lease))
        return try await self.restored(lease)
    }

    /// Waits for what a journal partition says; asks again where brokers can't say now, as the machine does.
    func restored(_ lease: Lease) async throws -> RestoreFacts {
        while true {
            let result = try await self.first { input in
                if case .journal(.restored(lease, let result)) = input { result } else { nil }
            }
            if case .success(let facts) = result { return facts }
            self.order(.restore(lease))
        }
    }

    /// Commits a transaction.
    func commit(_ transaction: Transaction) async throws -> CommitOutcome {
        self.order(.commit(transaction))
        return try await self.outcome(of: transaction.id)
    }

    /// Waits for a transaction's outcome.
    func outcome(of id: TransactionID) async throws -> CommitOutcome {
        try await self.first { input in
            if case .journal(.commitEnded(id, let outcome)) = input { outcome } else { nil }
        }
    }

    /// Records of a partition that were told so far.
    func told(_ partition: ReadPartition) -> [ToldRecord] {
        self.heard.flatMap { ToldRecord.all(in: $0, of: partition) }
    }
}

/// A record that a group's port has told.
struct ToldRecord: Equatable {
    var value: String
    var next: Int64
    var lease: Lease

    static func all(in input: Input, of partition: ReadPartition) -> [ToldRecord] {
        guard case .group(.records(let lease, let entries)) = input, lease.subject == partition else { return [] }
        return entries.map {
            ToldRecord(
                value: String(decoding: $0.event.value ?? [], as: UTF8.self),
                next: $0.next.rawValue,
                lease: lease
            )
        }
    }
}

extension RestoreFacts {
    /// Numbers of the rollouts that go on, in order.
    var rollouts: [UInt64] { self.restored.unfinished.map(\.id.low).sorted() }
}
