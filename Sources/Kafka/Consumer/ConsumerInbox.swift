// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Values

/// What the consumer's thread has for the reader: events without a bound worth naming, and a bounded buffer of records.
///
/// Events other than records are as many as there are rebalances and errors; of waiting errors only the newest are kept.
final class ConsumerInbox: Sendable {
    private struct State: Sendable {
        var events: [ConsumerEvent] = []
        var errorCount = 0
        var records: [ConsumedRecord] = []
        var recordBytes = 0
        var marks: [TopicPartition: UInt64] = [:]
        /// Partitions whose records wait until they are released.
        var held: Set<TopicPartition> = []
        var isClosed = false
        var requestsSpace = false
        var reader: CheckedContinuation<Void, Never>?

        /// Whether there is a record that may be read.
        var hasRecord: Bool {
            self.held.isEmpty
                ? !self.records.isEmpty : self.records.contains { !self.held.contains($0.topicPartition) }
        }

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { self.reader = nil }
            return self.reader
        }

        /// Takes the first records that may be read.
        mutating func takeRecords(_ maximum: Int) -> [ConsumedRecord] {
            guard !self.held.isEmpty else {
                let batch = Array(self.records.prefix(maximum))
                self.records.removeFirst(batch.count)
                return batch
            }
            var (batch, kept): ([ConsumedRecord], [ConsumedRecord]) = ([], [])
            for record in self.records {
                if batch.count < maximum, !self.held.contains(record.topicPartition) {
                    batch.append(record)
                } else {
                    kept.append(record)
                }
            }
            self.records = kept
            return batch
        }
    }

    private let state = Mutex(State())
    private let maximumErrors = 64
    let settings: ConsumerSettings

    init(settings: ConsumerSettings) { self.settings = settings }

    /// Whether records must not come faster than they are read; if so, the thread asks to be told when there is room.
    var isFull: Bool {
        self.state.withLock { state in
            let isFull =
                state.records.count >= self.settings.bufferRecords || state.recordBytes >= self.settings.bufferBytes
            if isFull { state.requestsSpace = true }
            return isFull
        }
    }

    /// Whether the thread is to be woken because there is room, as it asked; once a request.
    func takeSpaceRequest() -> Bool {
        guard self.hasRoom else { return false }
        return self.state.withLock { state in
            defer { state.requestsSpace = false }
            return state.requestsSpace
        }
    }

    /// Whether there is room for records again; well below full, so that partitions are not paused all the time.
    var hasRoom: Bool {
        self.state.withLock {
            $0.records.count <= self.settings.bufferRecords / 2 && $0.recordBytes <= self.settings.bufferBytes / 2
        }
    }

    /// Adds an event that goes before all records.
    func post(_ event: ConsumerEvent) {
        let reader = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed else { return nil }
            if case .error = event {
                state.errorCount += 1
                if state.errorCount > self.maximumErrors { Self.dropOldestError(&state) }
            }
            state.events.append(event)
            return state.takeReader()
        }
        reader?.resume()
    }

    /// Adds records.
    func append(_ records: [ConsumedRecord]) {
        guard !records.isEmpty else { return }
        let reader = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed else { return nil }
            state.records += records
            state.recordBytes += records.reduce(0) { $0 + $1.sizeBytes }
            return state.hasRecord ? state.takeReader() : nil
        }
        reader?.resume()
    }

    /// Keeps back the records of some partitions, those to come included.
    func hold(_ partitions: Set<TopicPartition>) { self.state.withLock { $0.held.formUnion(partitions) } }

    /// Gives the records of some partitions free again.
    func release(_ partitions: Set<TopicPartition>) {
        let reader = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.held.subtract(partitions)
            return state.hasRecord ? state.takeReader() : nil
        }
        reader?.resume()
    }

    /// Takes out the records that are kept back, and keeps none back any more.
    ///
    /// - Returns: The partitions, and for each that had any the first of its records.
    func dropHeld() -> (partitions: Set<TopicPartition>, first: [TopicPartition: Offset]) {
        self.state.withLock { state in
            defer { state.held = [] }
            return (state.held, Self.drop(state.held, &state))
        }
    }

    /// The first record of a partition that waits to be read; `nil` for none.
    func firstOffset(of partition: TopicPartition) -> Offset? {
        self.state.withLock { state in state.records.first { $0.topicPartition == partition }?.offset }
    }

    /// Takes out the records of some partitions.
    ///
    /// - Returns: For each partition that had any, the first of them.
    func drop(_ partitions: Set<TopicPartition>) -> [TopicPartition: Offset] {
        self.state.withLock { Self.drop(partitions, &$0) }
    }

    /// Takes out the records of a partition that is read on elsewhere.
    ///
    /// - Parameters:
    ///   - partition: The partition.
    ///   - mark: What its records carry from now on.
    func seek(_ partition: TopicPartition, mark: UInt64?) {
        self.state.withLock { state in
            _ = Self.drop([partition], &state)
            state.marks[partition] = mark
        }
    }

    private static func drop(_ partitions: Set<TopicPartition>, _ state: inout State) -> [TopicPartition: Offset] {
        var first: [TopicPartition: Offset] = [:]
        for record in state.records where partitions.contains(record.topicPartition) {
            if first[record.topicPartition] == nil { first[record.topicPartition] = record.offset }
        }
        guard !first.isEmpty else { return [:] }
        state.records.removeAll { partitions.contains($0.topicPartition) }
        state.recordBytes = state.records.reduce(0) { $0 + $1.sizeBytes }
        return first
    }

    /// Waits for the next event; `nil` when closed or when the reader's task is cancelled.
    ///
    /// The event is taken when the reader runs, not when it was posted, so that nothing dropped meanwhile slips through.
    func next() async -> ConsumerEvent? {
        while !Task.isCancelled {
            if let event = self.take() { return event }
            if self.state.withLock({ $0.isClosed }) { return nil }
            await self.wait()
        }
        return nil
    }

    /// Says that nothing more comes; what waits is dropped.
    func close() {
        // Dropped outside the lock, since a hold that nobody took releases itself, which takes other locks.
        let (reader, dropped) = self.state.withLock { state in
            state.isClosed = true
            defer {
                state.events = []
                state.records = []
                state.recordBytes = 0
            }
            return (state.takeReader(), state.events)
        }
        reader?.resume()
        withExtendedLifetime(dropped) {}
    }

    private func take() -> ConsumerEvent? {
        self.state.withLock { state in
            if !state.events.isEmpty {
                let event = state.events.removeFirst()
                if case .error = event { state.errorCount -= 1 }
                return event
            }
            guard state.hasRecord else { return nil }
            let batch = state.takeRecords(self.settings.batchRecords)
            state.recordBytes -= batch.reduce(0) { $0 + $1.sizeBytes }
            return .records(Self.runs(of: batch, state.marks))
        }
    }

    private static func runs(of records: [ConsumedRecord], _ marks: [TopicPartition: UInt64]) -> [MarkedRecords] {
        var runs: [MarkedRecords] = []
        var first = records.startIndex
        while first < records.endIndex {
            let partition = records[first].topicPartition
            let end = records[first...].firstIndex { $0.topicPartition != partition } ?? records.endIndex
            runs.append(MarkedRecords(partition: partition, mark: marks[partition], records: records[first..<end]))
            first = end
        }
        return runs
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = self.state.withLock { state -> Bool in
                    let isReady = !state.events.isEmpty || state.hasRecord || state.isClosed || Task.isCancelled
                    guard !isReady else { return true }
                    precondition(state.reader == nil, "a consumer has one reader")
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.takeReader() }?.resume()
        }
    }

    private static func dropOldestError(_ state: inout State) {
        let oldest = state.events.firstIndex { if case .error = $0 { true } else { false } }
        guard let oldest else { return }
        state.events.remove(at: oldest)
        state.errorCount -= 1
    }
}
