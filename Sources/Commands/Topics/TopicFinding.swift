// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a topic, and what `topics ensure` can do about it.
struct TopicFinding: Sendable, Equatable {
    /// The kind of finding; the order is the order of gravity.
    enum Kind: String, Sendable, CaseIterable {
        /// The topic does not exist.
        case missing
        /// Inbox and journal differ in their number of partitions.
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
    /// The settings that would put it right.
    var changes: [String: String] = [:]

    /// Whether a worker would refuse to start, or break a promise.
    var isProblem: Bool {
        switch self.kind {
        case .missing, .partitionCount, .setting: true
        case .advice, .notCheckable: false
        }
    }
}
