// SPDX-License-Identifier: Apache-2.0

import Worker

/// What is wrong with a topic, and what `topics ensure` can do about it.
struct TopicFinding: Sendable, Equatable {
    /// The kind of finding; the order is the order of gravity.
    enum Kind: String, Sendable, CaseIterable {
        /// The topic does not exist.
        case missing
        /// Inbox and journal differ in their number of partitions, or the commands have more than one.
        case partitionCount
        /// A setting that the promises rest on is wrong.
        case setting
        /// A setting is unusual: said, never changed without being asked.
        case advice
        /// The brokers don't say, so nothing is known.
        case notCheckable
    }

    var kind: Kind
    var topic: String
    var message: String
    /// What an operator does about it; empty where the message says it.
    var nextStep = ""
    /// The settings that would put it right.
    var changes: [String: String] = [:]
    /// Whether these delete records sooner than now, so that they are only made where that was asked for.
    var shortens = false

    /// Whether a worker would refuse to start, or break a promise.
    var isProblem: Bool {
        switch self.kind {
        case .missing, .partitionCount, .setting: true
        case .advice, .notCheckable: false
        }
    }

    /// What a topic rule says.
    init(_ problem: TopicProblem, topic: String) {
        self.init(
            kind: problem.gravity == .advice ? .advice : .setting,
            topic: topic,
            message: problem.message,
            nextStep: problem.nextStep,
            changes: problem.changes,
            shortens: problem.shortens
        )
    }

    init(
        kind: Kind,
        topic: String,
        message: String,
        nextStep: String = "",
        changes: [String: String] = [:],
        shortens: Bool = false
    ) {
        self.kind = kind
        self.topic = topic
        self.message = message
        self.nextStep = nextStep
        self.changes = changes
        self.shortens = shortens
    }
}
