// SPDX-License-Identifier: Apache-2.0

/// What can go wrong in a simulated world.
package enum FaultKind: String, Sendable, CaseIterable {
    // Processes.

    /// A worker is killed at a moment, and begins again after `lasts`.
    case crash
    /// A worker is killed between two orders of a turn: before the `target`-th order after `at`.
    case crashAtOrder = "crash-at-order"
    /// A worker stands still for `lasts`: memory and sockets are as they were.
    case freeze
    /// A worker stands still between two orders of a turn: before the `target`-th order after `at`.
    case freezeAtOrder = "freeze-at-order"
    /// A worker stands still at its next creating call: `target` 0: the call's intent is committed, and the answer to that not
    /// yet read; 1: the call is on its way to its connection.
    case freezeAtCall = "freeze-at-call"
    /// A worker is told to stop, and begins again after `lasts`.
    case stop
    /// A further worker comes for `lasts`, and is told to stop.
    case visitor
    /// A worker's wall clock is wrong by `delay` (of either sign) for `lasts`.
    case clock

    // Kafka.

    /// `count` transactions of a worker are aborted.
    case abortedCommit = "aborted-commit"
    /// The next commit of a worker is answered by nobody; `target` 0: it was applied, 1: it was not.
    case unknownCommit = "unknown-commit"
    /// A first copy of a commit that was resent arrives `delay` later.
    case lateCommit = "late-commit"
    /// A partition (`target`) of inbox and journal has no leader for `lasts`.
    case leaderless
    /// An event topic gets a partition more.
    case grownTopic = "grown-topic"
    /// The group's committed offsets of an event topic are deleted.
    case lostOffsets = "lost-offsets"
    /// Somebody writes a record to a journal partition that can't be used, and takes it away after `lasts`; `target` says
    /// what it looks like and which lane it is about (`StrayRecord`).
    case strayRecord = "stray-record"

    // The workbench and what is before it.

    /// Answers come late by up to `delay`.
    case latency
    /// The connection is closed; the call is not applied.
    case cutBefore = "cut-before"
    /// The call is applied, and the connection closed.
    case cutAfter = "cut-after"
    /// All of the workbench says 503 in its own words.
    case unavailable
    /// No connection can be made.
    case unreachable
    /// A changing call is applied, and answered with the ingress's 500 after `delay`.
    case stall
    /// A changing call is cut or answered with 500, and applied `delay` later, within deadline and settle.
    case appliedLate = "applied-late"
    /// 429 with `Retry-After`.
    case rateLimit = "rate-limit"
    /// 500 in the workbench's own words, fewer times than a step has attempts.
    case serverError = "server-error"
    /// Lists run in another order.
    case shuffled
    /// Fields without a value are left out, status words are in capitals.
    case sparse
    /// Lists show the state of `delay` ago, less than settle.
    case staleLists = "stale-lists"
    /// The workbench refuses all that is made for one model (`target`).
    case refusedModel = "refused-model"
    /// A part of the workbench (`target` modulo `workbenchParts`: a family, or what serves one kind of its things) is down
    /// while the others answer; `target` divided by that says how it looks, from the workbench's own 5xx to calls that hang.
    case familyDown = "family-down"
    /// Somebody in between answers with `status` (0: what goes with its look); `target` says how it looks, and from 5 on the
    /// call is applied all the same.
    case inBetween = "in-between"
    /// Reads by id do not show for `delay` what was just made, less than settle.
    case lateReads = "late-reads"

    /// Comments and tags are not kept.
    case forgottenMarkers = "forgotten-markers"
    /// A gateway sends a changing call on twice; `target` 0: it answers 504, 1: with the second answer.
    case twins

    /// A worker is killed again and again.
    case crashLoop = "crash-loop"

    // Beyond what workers can mend: random seeds leave them off.

    /// The journal is deleted and made again: workers refuse it by name, and a person decides.
    case remadeJournal = "remade-journal"
    /// A changing call is applied later than anyone waits.
    case appliedTooLate = "applied-too-late"

    /// Parts that `familyDown` knows.
    package static var workbenchParts: Int { SandboxFaults.partCount }
    /// Forms that `familyDown` knows.
    package static let outageForms = 8

    /// Whether it is beyond what workers can mend, so that random seeds leave it off.
    package var isBeyond: Bool {
        switch self {
        case .crash, .crashAtOrder, .freeze, .freezeAtOrder, .freezeAtCall, .stop, .visitor, .clock, .abortedCommit,
            .unknownCommit,
            .lateCommit, .leaderless, .grownTopic, .lostOffsets, .latency, .cutBefore, .cutAfter, .unavailable,
            .unreachable, .stall, .appliedLate, .rateLimit, .serverError, .shuffled, .sparse, .staleLists,
            .refusedModel, .familyDown, .inBetween, .lateReads, .forgottenMarkers, .twins, .strayRecord,
            .crashLoop:
            false
        case .appliedTooLate, .remadeJournal: true
        }
    }
}
