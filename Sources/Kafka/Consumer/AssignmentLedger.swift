// SPDX-License-Identifier: Apache-2.0

import Values

/// Knows what should be so with each assigned partition, and what librdkafka has been told.
///
/// Pure. Three things in librdkafka make it necessary. Pausing, resuming or seeking a partition while its fetcher is
/// being started can make either get lost (each takes a version number first and queues after), so nothing is asked for
/// before something of the partition has arrived. Resuming a partition that isn't paused can move its position back
/// (before 2.4.0). And one flag serves for our own pauses and the application's.
struct AssignmentLedger: Sendable {
    /// What is to be asked of librdkafka now.
    struct Commands: Equatable, Sendable {
        var pause: Set<TopicPartition> = []
        /// To be done before the resumes.
        var seek: [TopicPartition: Offset] = [:]
        var resume: Set<TopicPartition> = []
    }

    private struct Entry: Sendable {
        /// The application has not resumed it yet, or has paused it.
        var isHeld = true
        /// Something has arrived, so its fetcher runs.
        var isStarted = false
        /// librdkafka was told to pause it.
        var isPaused = false
        /// Where to read on; until librdkafka has taken that, what arrives is not wanted.
        var target: Offset?
        /// The application has chosen the target.
        var isSought = false
    }

    private var entries: [TopicPartition: Entry] = [:]
    /// Whether the reader is so far behind that nothing may flow.
    var isFlowStopped = false

    /// The partitions held.
    var assigned: Set<TopicPartition> { Set(self.entries.keys) }

    /// Partitions were gained; the application has to resume each.
    mutating func assign(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions { self.entries[partition] = Entry() }
    }

    /// Partitions are about to go.
    ///
    /// - Returns: Those that librdkafka has paused, which it would remember until they come back.
    mutating func unassign(_ partitions: some Sequence<TopicPartition>) -> Set<TopicPartition> {
        var paused: Set<TopicPartition> = []
        for partition in partitions {
            if self.entries.removeValue(forKey: partition)?.isPaused == true { paused.insert(partition) }
        }
        return paused
    }

    /// A partition's record, or its end, has arrived.
    ///
    /// - Returns: Whether the record is for the reader; if not, it is read again later.
    mutating func arrived(_ partition: TopicPartition, _ offset: Offset) -> Bool {
        guard let index = self.entries.index(forKey: partition) else { return false }
        // Changed where it lies: this is asked for every record.
        self.entries.values[index].isStarted = true
        if self.entries.values[index].target != nil { return false }
        guard self.entries.values[index].isHeld || self.isFlowStopped else { return true }
        self.entries.values[index].target = offset
        return false
    }

    /// The application wants a pause.
    ///
    /// - Parameters:
    ///   - partitions: The partitions; those not held are ignored.
    ///   - dropped: The first of the records that were taken from the reader again. Reading goes on there, or where it was to
    ///     go on if that comes earlier; what the application has sought outranks both.
    mutating func hold(_ partitions: some Sequence<TopicPartition>, dropped: [TopicPartition: Offset]) {
        for partition in partitions {
            guard var entry = self.entries[partition] else { continue }
            entry.isHeld = true
            if let first = dropped[partition], !entry.isSought { entry.target = min(entry.target ?? first, first) }
            self.entries[partition] = entry
        }
    }

    /// The application wants no pause any more.
    mutating func release(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions { self.entries[partition]?.isHeld = false }
    }

    /// Reading is to go on elsewhere.
    ///
    /// - Parameters:
    ///   - partition: The partition.
    ///   - offset: The position.
    ///   - isSought: Whether the application has chosen it.
    /// - Returns: Whether the partition is held.
    mutating func move(_ partition: TopicPartition, to offset: Offset, isSought: Bool) -> Bool {
        guard self.entries[partition] != nil else { return false }
        self.entries[partition]?.target = offset
        self.entries[partition]?.isSought = isSought
        return true
    }

    /// What differs from what should be.
    var pendingCommands: Commands {
        var commands = Commands()
        for (partition, entry) in self.entries where entry.isStarted {
            if entry.isHeld || self.isFlowStopped {
                if !entry.isPaused { commands.pause.insert(partition) }
                continue
            }
            if let target = entry.target { commands.seek[partition] = target }
            if entry.isPaused { commands.resume.insert(partition) }
        }
        return commands
    }

    /// librdkafka has paused partitions.
    mutating func paused(_ partitions: Set<TopicPartition>) {
        for partition in partitions { self.entries[partition]?.isPaused = true }
    }

    /// librdkafka has resumed partitions.
    mutating func resumed(_ partitions: Set<TopicPartition>) {
        for partition in partitions { self.entries[partition]?.isPaused = false }
    }

    /// librdkafka has taken a seek.
    mutating func sought(_ partition: TopicPartition) {
        self.entries[partition]?.target = nil
        self.entries[partition]?.isSought = false
    }
}
