// SPDX-License-Identifier: Apache-2.0

/// Calls that wait for a free connection, first come, first served.
struct WaitingCalls {
    private var calls: [Call] = []
    /// Index of the first call in `calls`; those before it are gone.
    private var head = 0
    /// At or before the earliest deadline; `nil` when nothing waits.
    private(set) var nextDeadline: ContinuousClock.Instant?

    var isEmpty: Bool { self.head == self.calls.count }

    mutating func append(_ call: Call) {
        self.calls.append(call)
        self.nextDeadline = min(self.nextDeadline ?? call.deadline, call.deadline)
    }

    /// Takes the first call that nobody has cancelled.
    mutating func popFirst() -> Call? {
        while !self.isEmpty {
            let call = self.calls[self.head]
            self.head += 1
            // Moving the rest costs as much as what was taken since the last time.
            if self.head > 256, self.head * 2 > self.calls.count {
                self.calls.removeFirst(self.head)
                self.head = 0
            }
            if self.isEmpty { self.clear() }
            if !call.isFinished { return call }
        }
        return nil
    }

    /// Takes the calls whose deadline has passed.
    mutating func takeExpired(at now: ContinuousClock.Instant) -> [Call] {
        guard let nextDeadline = self.nextDeadline, nextDeadline <= now else { return [] }
        let waiting = self.calls[self.head...].filter { !$0.isFinished }
        self.calls = waiting.filter { $0.deadline > now }
        self.head = 0
        self.nextDeadline = self.calls.map(\.deadline).min()
        return waiting.filter { $0.deadline <= now }
    }

    private mutating func clear() {
        self.calls.removeAll(keepingCapacity: true)
        self.head = 0
        self.nextDeadline = nil
    }
}
