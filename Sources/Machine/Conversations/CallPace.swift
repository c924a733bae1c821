// SPDX-License-Identifier: Apache-2.0

package import Values

/// How long requests take of late against how long they usually take: two moving averages.
///
/// Exponential smoothing: each request moves the recent average by a fifth of the difference, the usual one by a hundredth.
package struct CallPace: Sendable, Equatable {
    /// Seconds that requests take of late.
    package private(set) var recent = 0.0
    /// Seconds that requests usually take.
    package private(set) var usual = 0.0
    private var count = 0
    /// When the newest ended.
    package private(set) var lastEnd: MonotonicTime?

    /// Creates averages of nothing.
    package init() {}

    /// A request has ended.
    package mutating func observe(_ span: Span, at time: MonotonicTime) {
        let seconds = Double(span.nanoseconds) / 1e9
        self.count += 1
        self.lastEnd = time
        // The first ones weigh by their number, so that the averages begin at what is seen and not at zero.
        self.recent += (seconds - self.recent) * max(0.2, 1 / Double(self.count))
        self.usual += (seconds - self.usual) * max(0.01, 1 / Double(self.count))
    }

    /// Whether requests are slow against their own history: five times the usual time, and two seconds at least.
    package var isSlow: Bool { self.count >= 20 && self.recent >= 2 && self.recent >= 5 * self.usual }
}
