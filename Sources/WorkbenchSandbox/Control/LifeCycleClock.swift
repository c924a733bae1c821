// SPDX-License-Identifier: Apache-2.0

import Values

/// How long the workbench takes for its slow steps.
///
/// A step's duration is drawn when the object is made, so that every later state follows from the time that has passed;
/// a new clock holds for what is made from then on.
package struct LifeCycleClock: Sendable, Equatable {
    /// From the shortest to the longest duration of one step; each draw is uniform between them.
    package typealias Range = ClosedRange<Duration>

    /// A registered version: from `REGISTERING` to `READY` or `UPLOAD_FAILED`.
    package var registering: Range
    /// A build: from `pending` to `built`, `build failed` or `timedout`.
    package var building: Range
    /// A deployment, once its build is there: from `pending` to `deployed` or `failed`.
    package var deploying: Range
    /// A deployment: from `stopping` to `stopped`.
    package var stopping: Range

    /// Nothing takes time: every creating call already answers with the final state.
    package static let instant = LifeCycleClock(fixed: .zero)

    /// Tenths of a second, for tests and demonstrations.
    package static let quick = LifeCycleClock(
        registering: .milliseconds(50)...(.milliseconds(150)),
        building: .milliseconds(200)...(.milliseconds(600)),
        deploying: .milliseconds(100)...(.milliseconds(300)),
        stopping: .milliseconds(20)...(.milliseconds(60))
    )

    /// As on a real workbench: seconds to register, minutes to build and deploy.
    package static let real = LifeCycleClock(
        registering: .seconds(5)...(.seconds(20)),
        building: .seconds(300)...(.seconds(600)),
        deploying: .seconds(60)...(.seconds(180)),
        stopping: .seconds(5)...(.seconds(15))
    )

    /// The presets by name.
    package static let presets: [(name: String, clock: LifeCycleClock)] = [
        ("instant", instant), ("quick", quick), ("real", real),
    ]

    /// Every step takes exactly that long.
    package init(fixed duration: Duration) {
        self.init(
            registering: duration...duration,
            building: duration...duration,
            deploying: duration...duration,
            stopping: duration...duration
        )
    }

    /// Creates a clock from a range for each step; none may be negative.
    package init(registering: Range, building: Range, deploying: Range, stopping: Range) {
        self.registering = registering
        self.building = building
        self.deploying = deploying
        self.stopping = stopping
    }
}

extension SeededGenerator {
    /// A duration in the range, to the microsecond.
    mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let low = range.lowerBound.wholeMicroseconds
        let high = range.upperBound.wholeMicroseconds
        return low == high ? range.lowerBound : .microseconds(Int64.random(in: low...high, using: &self))
    }
}
