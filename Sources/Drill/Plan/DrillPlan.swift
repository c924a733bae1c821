// SPDX-License-Identifier: Apache-2.0

import Values
import WorkbenchSandbox

/// All that a drill does, decided by its seed alone: the same settings give the same plan.
struct DrillPlan: Sendable, Equatable {
    /// A finished run on the workbench.
    struct Run: Sendable, Equatable {
        let id: String
        let experimentID: String
        let model: String
        /// Its place among the runs of its model, from 0, the oldest.
        let rank: Int
        let start: Timestamp
    }

    /// What an event asks for; it is deployed once, by however many events it is asked for.
    struct ExpectedRollout: Sendable, Hashable {
        let runID: String
        let model: String
        /// `nil` for what a training job sends.
        let replayID: String?
    }

    /// How an event finds its partition.
    enum Placement: Sendable, Equatable {
        /// By murmur2 of the model's name, as `slipway emit` and Java's clients do.
        case model
        /// CRC32 of the model's name, librdkafka's own default.
        case otherHash
        /// No key, any partition.
        case keyless(partition: Int32)
    }

    /// One record for the events topic.
    struct Event: Sendable, Equatable {
        enum Content: Sendable, Equatable {
            case rollout(ExpectedRollout, run: Int)
            /// A value that is no event; `nil` is a tombstone.
            case unreadable([UInt8]?)
        }

        /// From the drill's start.
        let at: Duration
        let content: Content
        let placement: Placement
        /// Whether it asks for what another event asks for, too, and is not that event once more.
        var isAnother = false
    }

    /// A fault of a worker or a broker.
    struct Incident: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            case kill(restartAfter: Duration)
            case freeze(for: Duration)
            case add(for: Duration)
            case remove(for: Duration)
            case broker(node: Int, for: Duration)
            /// The events topic gets a partition more.
            case grow
            /// A record of a strange form is written to the journal, and taken away.
            case stray(number: Int, for: Duration)
        }

        /// From the drill's start.
        let at: Duration
        /// Number of the worker that it hits, from 0.
        let worker: Int
        let kind: Kind
    }

    /// A time during which the workbench misbehaves.
    struct FaultWindow: Sendable, Equatable {
        /// From the drill's start.
        let at: Duration
        let length: Duration
        /// Rules for `PUT /sandbox/faults`.
        let rules: String
    }

    let seed: UInt64
    let span: Duration
    let runs: [Run]
    /// In the order of their times.
    let events: [Event]
    /// In the order of their times.
    let incidents: [Incident]
    /// One after the other.
    let faultWindows: [FaultWindow]

    /// Different rollouts that the events ask for.
    var expectedRollouts: Set<ExpectedRollout> {
        Set(self.events.compactMap { if case .rollout(let expected, _) = $0.content { expected } else { nil } })
    }

    /// Events that can't be understood.
    var unreadableCount: Int {
        self.events.count { if case .unreadable = $0.content { true } else { false } }
    }

    /// Decides everything.
    init(_ settings: DrillSettings) {
        // A generator for each part, so that a fault that is left out changes nothing else.
        var (forRuns, forEvents) = (SeededGenerator(seed: settings.seed), SeededGenerator(seed: settings.seed ^ 0xE7E7))
        self.seed = settings.seed
        self.span = settings.span
        let replays = settings.faults.contains(.replay) ? settings.rollouts / 12 : 0
        self.runs = DrillPlan.runs(settings.rollouts - replays, &forRuns)
        self.events = DrillPlan.events(self.runs, replays: replays, settings, &forEvents)
        self.incidents = DrillPlan.incidents(settings)
        self.faultWindows = DrillPlan.faultWindows(settings)
    }

    // MARK: Runs

    /// The project of all runs.
    static let projectID = "dr1l-l000-0000-0001"
    /// 2026-01-01T00:00:00Z, when the first run began.
    private static let firstStart = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)

    private static func runs(_ count: Int, _ dice: inout SeededGenerator) -> [Run] {
        var runs: [Run] = []
        var model = 0
        // Also of a small drill several models, so that every partition has some.
        let most = min(9, max(2, count / 12))
        while runs.count < count {
            // Every other model deploys each of its runs in turn, the rest only the newest that waits.
            let name = model.isMultiple(of: 2) ? "latest-\(model)" : "every-\(model)"
            let ofModel = min(count - runs.count, Int.random(in: 1...most, using: &dice))
            for rank in 0..<ofModel {
                let number = runs.count + 1
                runs.append(
                    Run(
                        id: "run-\(number)",
                        experimentID: "\(name)-experiment",
                        model: name,
                        rank: rank,
                        start: DrillPlan.firstStart.advanced(by: .seconds(60 * rank))
                    )
                )
            }
            model += 1
        }
        return runs
    }

    // MARK: Events

    private static func events(
        _ runs: [Run],
        replays: Int,
        _ settings: DrillSettings,
        _ dice: inout SeededGenerator
    ) -> [Event] {
        var events = self.first(runs, settings, &dice)
        if settings.faults.contains(.replay) {
            for number in 0..<(runs.count / 10) {
                guard let original = events.randomElement(using: &dice), case .rollout = original.content else {
                    continue
                }
                let again = original.at + .milliseconds(Int64.random(in: 0...10_000, using: &dice))
                var event = Event(at: again, content: original.content, placement: self.placement(settings, &dice))
                // Half of them are the very event once more, half another one about the same run.
                event.isAnother = number % 2 == 1
                events.append(event)
            }
            for number in 0..<replays {
                guard let index = runs.indices.randomElement(using: &dice) else { break }
                let expected = ExpectedRollout(
                    runID: runs[index].id,
                    model: runs[index].model,
                    replayID: "replay-\(number)"
                )
                events.append(
                    Event(
                        at: self.moment(0.3...1, of: settings.eventSpan ?? settings.span, &dice),
                        content: .rollout(expected, run: index),
                        placement: self.placement(settings, &dice)
                    )
                )
            }
        }
        for number in 0..<max(1, runs.count / 100) {
            let bodies: [[UInt8]?] = [
                Array("no event \(number)".utf8), Array(#"{"projectId":\#(number)}"#.utf8), Array("[]".utf8), nil,
            ]
            events.append(
                Event(
                    at: self.moment(0...1, of: settings.eventSpan ?? settings.span, &dice),
                    content: .unreadable(bodies[number % bodies.count]),
                    placement: .keyless(
                        partition: Int32.random(in: 0..<Int32(settings.eventPartitionCount), using: &dice)
                    )
                )
            )
        }
        return events.sorted { $0.at < $1.at }
    }

    /// The runs' own events: those of a model mostly in the order of its runs.
    private static func first(_ runs: [Run], _ settings: DrillSettings, _ dice: inout SeededGenerator) -> [Event] {
        var events: [Event] = []
        var start = 0
        while start < runs.count {
            let end = runs[start...].firstIndex { $0.model != runs[start].model } ?? runs.count
            var times = (start..<end).map { _ in self.moment(0...0.9, of: settings.eventSpan ?? settings.span, &dice) }
                .sorted()
            for index in times.indices.dropLast() where Int.random(in: 0..<6, using: &dice) == 0 {
                times.swapAt(index, index + 1)
            }
            for (index, at) in zip(start..<end, times) {
                let expected = ExpectedRollout(runID: runs[index].id, model: runs[index].model, replayID: nil)
                events.append(
                    Event(at: at, content: .rollout(expected, run: index), placement: self.placement(settings, &dice))
                )
            }
            start = end
        }
        return events
    }

    private static func placement(_ settings: DrillSettings, _ dice: inout SeededGenerator) -> Placement {
        let roll = Int.random(in: 0..<12, using: &dice)
        let partition = Int32.random(in: 0..<Int32(settings.eventPartitionCount), using: &dice)
        guard settings.faults.contains(.scattered) else { return .model }
        return roll == 0 ? .otherHash : roll == 1 ? .keyless(partition: partition) : .model
    }

    /// A moment in a part of a time.
    static func moment(_ part: ClosedRange<Double>, of span: Duration, _ dice: inout SeededGenerator) -> Duration {
        span * Double.random(in: part, using: &dice)
    }
}
