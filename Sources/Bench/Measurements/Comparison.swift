// SPDX-License-Identifier: Apache-2.0

import Processes

/// A worker that is measured in turns with others.
struct Contestant: Sendable, Equatable {
    /// Name in JSON and of its topics.
    let name: String
    /// Name for people.
    let title: String
    let program: String
    let environment: [String: String]

    init(_ name: String, title: String? = nil, _ program: String, _ environment: [String: String] = [:]) {
        self.name = name
        self.title = title ?? name
        self.program = program
        self.environment = environment
    }
}

/// What one turn of a worker came to.
struct Reading: Sendable {
    /// Events, rollouts or records.
    var count: Double
    var took: Duration
    /// Time of the worker.
    var worked: Duration
    /// Time of the processes beside it meanwhile.
    var beside = Bystanders()

    var rate: Double { self.count / (self.took / .seconds(1)) }

    /// Time of the worker for each, in microseconds.
    var worth: Double { self.worked / .microseconds(1) / self.count }
}

/// Time of the processes beside a worker.
struct Bystanders: Sendable {
    /// `nil` where nobody has said which processes brokers are.
    var brokers: Duration?
    var sandbox: Duration?

    /// Reads it.
    ///
    /// - Throws: `BenchFailure` where a broker that was named is not there.
    static func read(_ brokers: [Int32], _ workbench: SimulatedWorkbench) throws -> Bystanders {
        var total: Duration?
        for broker in brokers {
            guard let usage = ProcessUsage(of: broker) else {
                throw BenchFailure("--broker \(broker): there is no such process")
            }
            total = (total ?? .zero) + usage.processorTime
        }
        return Bystanders(brokers: total, sandbox: workbench.processorTime)
    }

    /// What has been added since an earlier look.
    func since(_ earlier: Bystanders) -> Bystanders {
        func difference(_ now: Duration?, _ then: Duration?) -> Duration? {
            now.flatMap { now in then.map { now - $0 } }
        }
        return Bystanders(
            brokers: difference(self.brokers, earlier.brokers),
            sandbox: difference(self.sandbox, earlier.sandbox)
        )
    }
}

/// The readings of workers that were measured in turns.
struct Comparison: Sendable {
    /// What was measured: name in JSON and for people.
    let name: String
    let title: String
    /// The worker that the others are held against.
    let reference: String
    private var readings: [(contestant: Contestant, list: [Reading])] = []

    init(_ name: String, _ title: String, reference: String) {
        self.name = name
        self.title = title
        self.reference = reference
    }

    /// Adds what a turn came to.
    mutating func add(_ reading: Reading, of contestant: Contestant) {
        if let index = self.readings.firstIndex(where: { $0.contestant == contestant }) {
            self.readings[index].list.append(reading)
        } else {
            self.readings.append((contestant, [reading]))
        }
    }

    /// Medians, with what they were taken from.
    var figures: [Figure] {
        let reference = self.readings.first { $0.contestant.name == self.reference }?.list ?? []
        return self.readings.flatMap { contestant, list in
            let others = contestant.name == self.reference ? [] : reference
            return [
                Figure(
                    name: "\(self.name)PerSecond.\(contestant.name)",
                    title: "\(self.title), \(contestant.title)",
                    value: Self.median(list.map(\.rate)),
                    unit: "/s",
                    limit: self.limit(Self.median(others.map(\.rate)), "/s"),
                    note: Self.spread(list.map(\.rate))
                ),
                Figure(
                    name: "\(self.name)ProcessorTime.\(contestant.name)",
                    title: "    of the worker, each",
                    value: Self.median(list.map(\.worth)),
                    unit: "us of a core",
                    limit: self.limit(Self.median(others.map(\.worth)), "us of a core"),
                    note: ([Self.spread(list.map(\.worth))] + Self.bystanders(list)).joined(separator: "; ")
                ),
            ]
        }
    }

    private func limit(_ value: Double, _ unit: String) -> Figure.Limit? {
        value > 0 ? Figure.Limit(text: "\(self.reference)'s", value: value, unit: unit) : nil
    }

    /// The one in the middle, or between the two there; 0 of none.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    private static func spread(_ values: [Double]) -> String {
        let (least, most) = (values.min() ?? 0, values.max() ?? 0)
        return
            "\(Figure.text(least, "to")) \(Figure.text(most, "in")) \(values.count) turn\(values.count == 1 ? "" : "s")"
    }

    private static func bystanders(_ list: [Reading]) -> [String] {
        func told(_ name: String, _ time: (Bystanders) -> Duration?) -> String? {
            let each = list.compactMap { reading in time(reading.beside).map { $0 / .microseconds(1) / reading.count } }
            return each.isEmpty ? nil : "\(name) \(Figure.text(Self.median(each), "us each"))"
        }
        return [told("brokers", \.brokers), told("sandbox", \.sandbox)].compactMap(\.self)
    }
}
