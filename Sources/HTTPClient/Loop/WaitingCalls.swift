// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Values

/// Calls that wait for a free connection, first come, first served.
struct WaitingCalls {
    private var calls: [Call] = []
    /// Index of the first call in `calls`; those before it are gone.
    private var head = 0
    /// At or before the earliest moment at which a call lapses; `nil` when nothing waits.
    private(set) var nextLapse: ContinuousClock.Instant?

    var isEmpty: Bool { self.head == self.calls.count }

    mutating func append(_ calls: [Call]) {
        self.calls += calls
        for call in calls { self.nextLapse = self.nextLapse.map { min($0, call.lapsesAt) } ?? call.lapsesAt }
    }

    mutating func popFirst() -> Call? {
        guard !self.isEmpty else { return nil }
        let call = self.calls[self.head]
        self.head += 1
        // Moving the rest costs as much as what was taken since the last time.
        if self.head > 256, self.head * 2 > self.calls.count {
            self.calls.removeFirst(self.head)
            self.head = 0
        }
        if self.isEmpty {
            self.calls.removeAll(keepingCapacity: true)
            self.head = 0
            self.nextLapse = nil
        }
        return call
    }

    /// Takes the calls that must not be started any more, each with the reason.
    mutating func takeLapsed(at now: ContinuousClock.Instant) -> [(Call, HTTPFailure)] {
        guard let nextLapse = self.nextLapse, nextLapse <= now else { return [] }
        return self.take { $0.lapse(at: now) }
    }

    /// Takes the calls for which `reason` gives one.
    mutating func take(_ reason: (Call) -> HTTPFailure?) -> [(Call, HTTPFailure)] {
        var taken: [(Call, HTTPFailure)] = []
        var kept: [Call] = []
        for call in self.calls[self.head...] {
            if let failure = reason(call) {
                taken.append((call, failure))
            } else {
                kept.append(call)
            }
        }
        self.calls = kept
        self.head = 0
        self.nextLapse = kept.lazy.map(\.lapsesAt).min()
        return taken
    }
}
