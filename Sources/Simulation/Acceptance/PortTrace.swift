// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What went between machines and ports in one run of several processes: orders down, answers up, as far as they are checked.
///
/// Genuine processes write one as lines of JSON, simulated ones keep it; `PortAcceptor` says whether the ports that are
/// modelled here could have given each of the answers.
package struct PortTrace: Sendable {
    /// One order or answer.
    package struct Line: Codable, Sendable, Equatable {
        /// The process.
        package var process: String
        /// When, in microseconds, by a monotonic clock that all processes of the trace share.
        ///
        /// Of an order before it is given, of an answer when the machine takes it: so what is said to be earlier was earlier.
        package var at: Int64
        /// What it was.
        package var event: Event

        /// Creates a line.
        package init(process: String, at: Int64, event: Event) {
            self.process = process
            self.at = at
            self.event = event
        }

        /// Reads a line.
        ///
        /// - Throws: `DecodingError` where it is none.
        package init(parsing text: some Sequence<UInt8>) throws {
            self = try JSONDecoder().decode(Line.self, from: Data(text))
        }

        /// The line as JSON, without a line feed.
        ///
        /// - Throws: `EncodingError`, which no line of ours gives rise to.
        package func json() throws -> [UInt8] { try Array(JSONEncoder().encode(self)) }
    }

    /// A lease, as a trace names it.
    package struct Lease: Codable, Sendable, Hashable {
        /// The partition: `inbox-0`, `events0-3`.
        package var partition: String
        /// Counts the leases of its process.
        package var epoch: UInt64

        /// Names a lease.
        package init(partition: String, epoch: UInt64) {
            self.partition = partition
            self.epoch = epoch
        }
    }

    /// A membership, as a trace names it.
    package struct Membership: Codable, Sendable, Equatable {
        /// The group's generation.
        package var generation: Int32
        /// The member.
        package var member: String

        /// Names a membership.
        package init(generation: Int32, member: String) {
            self.generation = generation
            self.member = member
        }
    }

    /// What a transaction writes.
    package struct Writes: Codable, Sendable, Equatable {
        /// What its offsets are committed with.
        package var membership: Membership
        /// Offsets by partition.
        package var offsets: [String: Int64]
        /// What it makes of rollouts, by inbox partition and rollout id: where one stands then, or nothing once it is over here.
        package var rollouts: [String: [String: String]]

        /// Says what is written.
        package init(membership: Membership, offsets: [String: Int64], rollouts: [String: [String: String]]) {
            self.membership = membership
            self.offsets = offsets
            self.rollouts = rollouts
        }
    }

    /// What a restore has told.
    package struct Snapshot: Codable, Sendable, Equatable {
        /// Where each unfinished rollout stands, by its id.
        package var rollouts: [String: String]
        /// The group's committed offset.
        package var committed: Int64?

        /// Says what was found.
        package init(rollouts: [String: String], committed: Int64?) {
            self.rollouts = rollouts
            self.committed = committed
        }
    }

    /// An order or an answer.
    package enum Event: Codable, Sendable, Equatable {
        // Orders.
        case read(Lease, from: Int64, isPaused: Bool)
        case pause([Lease])
        case resume([Lease])
        case letGo(UInt64)
        case locate(Lease)
        case askEnds
        case restore(Lease)
        case abandon(Lease)
        case readTopicStarts
        case commit(UInt64, Writes)
        case rebuildProducer
        /// Requests, and those of them that have a last moment to be sent.
        case start([UInt64], limited: [UInt64])
        case cancel([UInt64])

        // Answers.
        case assigned([String], Membership)
        case membershipChanged(Membership)
        case revoking([String], UInt64)
        case lost([String])
        /// Records by the offsets that follow them.
        case records(Lease, [Int64])
        /// The committed offset; `nil` where the group has none.
        case located(Lease, committed: Int64?)
        case locatingFailed(Lease)
        case offsetOutOfRange(String, Int64)
        case ends
        case groupFailed(String)
        case restored(Lease, Snapshot)
        case restoreFailed(Lease, String)
        case heldBack(Lease)
        case topicStarts
        case ended(UInt64, Outcome)
        case producerReady
        case producerFailed(String)
        /// Requests that have ended: those that were not begun apart.
        case answered([UInt64], notStarted: [UInt64])
    }

    /// What has become of a transaction.
    package enum Outcome: String, Codable, Sendable {
        case committed, oversized, refused, membershipLost, aborted, unknown, fatal

        /// Whether its records and offsets can stand.
        var mayStand: Bool {
            switch self {
            case .committed, .unknown, .fatal: true
            case .oversized, .refused, .membershipLost, .aborted: false
            }
        }
    }

    /// All lines, in the order of their times; those of one process in their own order.
    package private(set) var lines: [Line] = []

    /// Puts the lines of several processes together.
    package init(_ lines: [Line]) {
        // Stable, which `sort` does not promise: two lines of one process can have one time.
        self.lines = lines.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(
            \.element
        )
    }
}
