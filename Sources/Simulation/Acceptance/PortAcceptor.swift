// SPDX-License-Identifier: Apache-2.0

/// Says whether the modelled ports could have given each answer of a trace, after the orders and answers before it.
///
/// A suite shows only what a genuine Kafka can be made to do on demand; a trace shows what it does. It is judged by what the
/// ports promise: which answers an order has and how often, in which order and from where records come, what a restore and
/// a look find, and whom brokers refuse. Of one group; topics are neither trimmed nor made again, and offsets not deleted.
package struct PortAcceptor {
    /// An answer that can't be.
    package struct Objection: Sendable, Equatable, CustomStringConvertible {
        /// The line, counted from 1.
        package var line: Int
        /// The process.
        package var process: String
        /// Why not.
        package var reason: String

        package var description: String { "line \(self.line), process \(self.process): \(self.reason)" }
    }

    private let trace: PortTrace
    private let history: TraceHistory

    /// Takes a trace.
    package init(_ trace: PortTrace) {
        self.trace = trace
        self.history = TraceHistory(trace)
    }

    /// Judges all lines.
    ///
    /// - Returns: What can't be, in order; nothing for a trace that the modelled ports can have given.
    package func objections() -> [Objection] {
        var objections: [Objection] = []
        var groups: [String: GroupAcceptor] = [:]
        var others: [String: OrderAcceptor] = [:]
        for (index, line) in self.trace.lines.enumerated() {
            var found = groups[line.process, default: GroupAcceptor()].take(line.event, self.history)
            found += others[line.process, default: OrderAcceptor()].take(line, self.history)
            objections += found.map { Objection(line: index + 1, process: line.process, reason: $0) }
        }
        return objections
    }
}

/// What the group's port of one process may tell next: who holds what, and from where it is read.
struct GroupAcceptor {
    /// One order to read a partition.
    private struct Reader {
        var lease: PortTrace.Lease
        /// The next offset; `nil` after a position that was out of range.
        var position: Int64?
        var isPaused: Bool
        /// A later order was seen to be performed, so the pause is, too.
        var isPauseSeen = false
        /// Counts the orders to the group's port.
        var ordered: Int
        var hasTold = false
    }

    private var held: Set<String> = []
    private var revocations: [UInt64: [String]] = [:]
    private var membership: PortTrace.Membership?
    /// The newest order to read each partition, and the one before, whose records may be on their way.
    private var readers: [String: Reader] = [:]
    private var formerReaders: [String: Reader] = [:]
    private var pauses: [String: Int] = [:]
    private var orders = 0

    /// Takes the next event.
    ///
    /// - Returns: Why it can't be.
    mutating func take(_ event: PortTrace.Event, _ history: TraceHistory) -> [String] {
        switch event {
        case .read(let lease, let from, let isPaused): self.read(lease, from, isPaused)
        case .pause(let leases): self.pause(leases)
        case .resume(let leases): self.resume(leases)
        case .letGo(let id): self.endRevocation(id)
        case .assigned(let partitions, let membership):
            return self.joined(membership) + partitions.flatMap { self.gain($0) }
        case .membershipChanged(let membership): return self.joined(membership)
        case .revoking(let partitions, let id):
            self.revocations[id] = partitions
            return partitions.filter { !self.held.contains($0) }.map { "\($0) is wanted back, and is not held" }
        case .lost(let partitions): return self.lose(partitions)
        case .records(let lease, let nexts): return self.records(lease, nexts, history)
        case .offsetOutOfRange(let partition, _):
            guard self.readers[partition] != nil else { return ["\(partition) is out of range, and nobody reads it"] }
            self.readers[partition]?.position = nil
        case .groupFailed:
            // Among others it says that a revocation was held for as long as may be.
            for id in self.revocations.keys { self.endRevocation(id) }
        default: break
        }
        return []
    }

    // MARK: Partitions

    private mutating func joined(_ membership: PortTrace.Membership) -> [String] {
        defer { self.membership = membership }
        guard let known = self.membership, known.member == membership.member,
            known.generation > membership.generation
        else { return [] }
        return ["generation \(membership.generation) is told after \(known.generation)"]
    }

    private mutating func gain(_ partition: String) -> [String] {
        self.held.insert(partition).inserted ? [] : ["\(partition) is assigned, and is held already"]
    }

    private mutating func endRevocation(_ id: UInt64) {
        for partition in self.revocations.removeValue(forKey: id) ?? [] { self.drop(partition) }
    }

    private mutating func lose(_ partitions: [String]) -> [String] {
        let strange = partitions.filter { !self.held.contains($0) }
        for partition in partitions { self.drop(partition) }
        self.membership = nil
        return strange.map { "\($0) is lost, and is not held" }
    }

    private mutating func drop(_ partition: String) {
        self.held.remove(partition)
        self.readers[partition] = nil
        self.formerReaders[partition] = nil
        self.pauses[partition] = nil
    }

    // MARK: Reading

    private mutating func read(_ lease: PortTrace.Lease, _ from: Int64, _ isPaused: Bool) {
        self.orders += 1
        guard self.held.contains(lease.partition) else { return }
        self.formerReaders[lease.partition] = self.readers[lease.partition]
        self.readers[lease.partition] = Reader(
            lease: lease,
            position: from,
            isPaused: isPaused,
            isPauseSeen: isPaused,
            ordered: self.orders
        )
    }

    private mutating func pause(_ leases: [PortTrace.Lease]) {
        self.orders += 1
        for lease in leases {
            self.readers[lease.partition]?.isPaused = true
            self.readers[lease.partition]?.isPauseSeen = false
            self.pauses[lease.partition] = self.orders
        }
    }

    private mutating func resume(_ leases: [PortTrace.Lease]) {
        self.orders += 1
        for lease in leases { self.readers[lease.partition]?.isPaused = false }
    }

    private mutating func records(_ lease: PortTrace.Lease, _ nexts: [Int64], _ history: TraceHistory) -> [String] {
        let partition = lease.partition
        guard self.held.contains(partition) else { return ["records of \(partition), which is not held"] }
        guard !self.revocations.values.contains(where: { $0.contains(partition) }) else {
            return ["records of \(partition), which is wanted back"]
        }
        guard let newest = self.readers[partition] else { return ["records of \(partition), which nobody reads"] }
        if newest.lease != lease {
            guard !newest.hasTold, var former = self.formerReaders[partition], former.lease == lease else {
                return ["records of \(partition) under lease \(lease.epoch), after \(newest.lease.epoch) reads it"]
            }
            defer { self.formerReaders[partition] = former }
            return Self.advance(&former, nexts, history)
        }
        var reader = newest
        let wasPaused = reader.isPaused && reader.isPauseSeen
        reader.hasTold = true
        let objections = Self.advance(&reader, nexts, history)
        self.readers[partition] = reader
        self.orderIsSeen(reader.ordered)
        return wasPaused ? ["records of \(partition), which is paused"] + objections : objections
    }

    /// Orders are performed one after the other: what one of them brings about says that those before it are performed.
    private mutating func orderIsSeen(_ order: Int) {
        for (partition, paused) in self.pauses where paused < order { self.readers[partition]?.isPauseSeen = true }
    }

    private static func advance(_ reader: inout Reader, _ nexts: [Int64], _ history: TraceHistory) -> [String] {
        var objections: [String] = []
        for next in nexts {
            if let position = reader.position {
                let partition = reader.lease.partition
                if next <= position {
                    objections.append("record \(next - 1) of \(partition) is told, and \(position) is next")
                } else if let skipped = history.skipped(in: partition, from: position, before: next) {
                    objections.append("record \(skipped) of \(partition) is left out before \(next - 1)")
                }
            }
            reader.position = next
        }
        return objections
    }
}
