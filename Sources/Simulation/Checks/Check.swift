// SPDX-License-Identifier: Apache-2.0

/// What is checked of a world; each violation names one.
package enum Check: String, Sendable, CaseIterable {
    /// An event of which nothing has become, or an unreadable one without a dead letter.
    case lost
    /// A rollout without a last status within the time after the last fault.
    case unended
    /// A rollout with more than one last status.
    case endedTwice = "ended-twice"
    /// A rollout that failed although all that went wrong has passed.
    case failed
    /// A rollout, or a dead letter, that nobody has asked for.
    case unasked
    /// More than one dead letter of one event.
    case deadTwice = "dead-twice"
    /// An object that was made once too often by the worker's doing.
    case duplicated
    /// A deployment of a run after one of a newer run of the same model, or of a rollback after what was accepted later.
    case reordered
    /// A rollout that made room for a newer run of which nothing came.
    case supersededByNone = "superseded-by-none"
    /// A model that, at a quiet point, is not served by its newest good run, or by the one that was gone back to.
    case badlyServed = "badly-served"
    /// A journal record of an older generation behind a newer one, or of two writers in one generation.
    case staleWrite = "stale-write"
    /// An object that no rollout knows and nothing outside the worker explains.
    case unexplainedOrphan = "unexplained-orphan"
    /// An explained one of which no worker has told.
    case untoldOrphan = "untold-orphan"
    /// Something that waited for longer than two minutes without a name.
    case unnamedWait = "unnamed-wait"
    /// A worker that is not ready within the time after the last fault.
    case notReady = "not-ready"
    /// A committed offset that went back.
    case positionWentBack = "position-went-back"
    /// A worker that wants to be woken for what has long been due, and does not do it when it is: its loop never rests.
    case spinning
    /// A worker that ended by itself.
    case unexpectedEnd = "unexpected-end"
}

/// Something that is not as it must be.
package struct Violation: Sendable, Equatable {
    /// What was checked.
    package var check: Check
    /// What was found, in a line.
    package var text: String
    /// The rollout, where it is about one.
    package var rollout: String?
}
