// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@Suite("Durations in whole units")
struct DurationTests {
    @Test(arguments: [
        (Duration.zero, 0, 0), (.milliseconds(1), 1, 1), (.nanoseconds(1), 0, 1), (.microseconds(1500), 1, 2),
        (.seconds(2), 2000, 2000), (.nanoseconds(-1), 0, 0), (.milliseconds(-1500), -1500, 0),
        (Duration(secondsComponent: 0, attosecondsComponent: 1), 0, 1),
        (.seconds(Int64.max), Int(Int64.max), Int(Int64.max)), (.seconds(Int64.min), Int(Int64.min), 0),
    ])
    func milliseconds(duration: Duration, cut: Int, wait: Int) {
        #expect(duration.wholeMilliseconds == cut)
        #expect(duration.waitMilliseconds == wait)
    }

    @Test func finerUnits() {
        #expect(Duration.nanoseconds(1_999).wholeMicroseconds == 1)
        #expect(Duration.nanoseconds(-1_999).wholeMicroseconds == -1)
        #expect((Duration.seconds(3) + .nanoseconds(7)).wholeNanoseconds == 3_000_000_007)
        #expect(Duration.seconds(10_000_000_000).wholeNanoseconds == .max)
        #expect(Span(Duration.seconds(-10_000_000_000)).nanoseconds == .min)
    }
}

@Suite("Backoff")
struct BackoffTests {
    @Test(arguments: [1, 2, 3, 6, 7, 31, 64, 1_000, Int.max, 0, -1])
    func aDelayLiesBetweenNothingAndItsBound(failures: Int) {
        let backoff = Backoff(base: .milliseconds(500), cap: .seconds(30))
        var random = SeededGenerator(seed: 1)
        let doublings = min(max(failures, 1) - 1, 10)
        let bound = min(Span.milliseconds(500 << Int64(doublings)), .seconds(30))
        #expect(backoff.delay(afterFailures: failures) == bound)
        let delays = (0..<500).map { _ in backoff.jitteredDelay(afterFailures: failures, using: &random) }
        #expect(delays.allSatisfy { $0 >= .zero && $0 <= bound })
        // Full jitter: it uses its whole range.
        #expect(delays.contains { $0.nanoseconds < bound.nanoseconds / 5 })
        #expect(delays.contains { $0.nanoseconds > bound.nanoseconds / 5 * 4 })
    }

    @Test func aHugeBaseIsCapped() {
        let backoff = Backoff(base: Span(nanoseconds: .max / 2), cap: .seconds(1))
        var random = SeededGenerator(seed: 1)
        #expect(backoff.delay(afterFailures: 20) == .seconds(1))
        #expect(backoff.jitteredDelay(afterFailures: 20, using: &random) <= .seconds(1))
    }
}
