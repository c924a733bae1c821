// SPDX-License-Identifier: Apache-2.0

package import Values

/// Where one assigned partition stands.
package enum PartitionState: Sendable, Equatable {
    /// What is needed before its records may be read is being found out: its position and, of an inbox partition, its
    /// journal. Next: `held`, `preparing` in the next stage, `discarded`.
    case preparing(Lease, Preparation)
    /// Its records are read and its work goes on; `position` is the next offset to accept, as committed. Next: `revoking`,
    /// `preparing` (start over), gone (lost).
    case held(Lease, position: Offset)
    /// The group wants it back: nothing new starts, what is under way is awaited until `by`. Next: gone, `discarded`. Or
    /// it is to be begun anew (`RevocationID.isRenewal`). Next: `preparing`, and all of the former.
    case revoking(Lease, position: Offset, RevocationID, by: MonotonicTime)
    /// Nothing that memory says of it may be written; it is still assigned, or about to be let go. Next: gone.
    case discarded(RevocationID?)

    /// A stage of getting a partition ready.
    package enum Preparation: Sendable, Equatable {
        /// The journal partition, then the committed offset and the inbox partition's ends are being read. Next:
        /// `rereading`, `waiting`, or held.
        case restoring(failures: Int)
        /// The same is being read once more: the journal looked lost. Next: `waiting`, or held.
        case rereading(failures: Int)
        /// The committed offset and the partition's ends are being read. Next: `awaitingFirstStart`, `locatingStart`,
        /// `waiting`, or held.
        case locating(failures: Int)
        /// No offset is committed: the moment of the topic's first start is being looked up, or waited for. Next:
        /// `locatingStart`, `waiting`.
        case awaitingFirstStart(failures: Int)
        /// The offset for the topic's start is being looked up. Next: `waiting`, or held.
        case locatingStart(failures: Int)
        /// An attempt failed; the next one is due at `at`. Next: the stage that is tried again.
        case waiting(Next, at: MonotonicTime, failures: Int)

        /// What is tried again.
        package enum Next: Sendable, Equatable {
            case restore, locate, firstStart, start
        }
    }

    /// The lease under which its records and entries count; `nil` while there is none.
    package var lease: Lease? {
        switch self {
        case .preparing(let lease, _), .held(let lease, _), .revoking(let lease, _, _, _): lease
        case .discarded: nil
        }
    }

    /// The lease under which its journal may be written and its offsets committed; `nil` while it has none.
    package var writableLease: Lease? {
        switch self {
        case .held(let lease, _), .revoking(let lease, _, _, _): lease
        case .preparing, .discarded: nil
        }
    }

    /// Whether it is neither being given back nor gone.
    var isKept: Bool {
        switch self {
        case .preparing, .held: true
        case .revoking(_, _, let id, _): id.isRenewal
        case .discarded: false
        }
    }

    /// The next offset to accept, as committed; `nil` before it is known.
    package var position: Offset? {
        switch self {
        case .held(_, let position), .revoking(_, let position, _, _): position
        case .preparing, .discarded: nil
        }
    }
}
