// SPDX-License-Identifier: Apache-2.0

/// Knows which assigned partitions are paused, and by whom.
///
/// librdkafka has one flag for both, and resuming a partition that isn't paused can move its position back, so every
/// function says exactly what is to be paused or resumed now.
struct PauseLedger: Sendable {
    private(set) var assigned: Set<TopicPartition> = []
    private var byApplication: Set<TopicPartition> = []
    private var byFlow: Set<TopicPartition> = []
    private(set) var isFlowStopped = false

    /// Partitions were gained, and paused on behalf of the application.
    mutating func assign(_ partitions: Set<TopicPartition>) {
        self.assigned.formUnion(partitions)
        self.byApplication.formUnion(partitions)
    }

    /// Partitions are gone.
    mutating func unassign(_ partitions: Set<TopicPartition>) {
        self.assigned.subtract(partitions)
        self.byApplication.subtract(partitions)
        self.byFlow.subtract(partitions)
    }

    /// The application wants a pause.
    mutating func pause(_ partitions: Set<TopicPartition>) -> Set<TopicPartition> {
        let wanted = partitions.intersection(self.assigned).subtracting(self.byApplication)
        self.byApplication.formUnion(wanted)
        let alreadyPaused = self.byFlow.intersection(wanted)
        self.byFlow.subtract(wanted)
        return wanted.subtracting(alreadyPaused)
    }

    /// The application wants no pause any more.
    mutating func resume(_ partitions: Set<TopicPartition>) -> Set<TopicPartition> {
        let wanted = partitions.intersection(self.byApplication)
        self.byApplication.subtract(wanted)
        guard self.isFlowStopped else { return wanted }
        self.byFlow.formUnion(wanted)
        return []
    }

    /// The reader is behind.
    mutating func stopFlow() -> Set<TopicPartition> {
        self.isFlowStopped = true
        let flowing = self.assigned.subtracting(self.byApplication).subtracting(self.byFlow)
        self.byFlow.formUnion(flowing)
        return flowing
    }

    /// The reader has caught up.
    mutating func startFlow() -> Set<TopicPartition> {
        self.isFlowStopped = false
        defer { self.byFlow = [] }
        return self.byFlow
    }
}
