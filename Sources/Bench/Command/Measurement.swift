// SPDX-License-Identifier: Apache-2.0

/// What can be measured, by the names that `--only` takes.
enum Measurement: String, CaseIterable, Sendable {
    case start, idle, rollouts, latency, known, unwanted, waiting, takeover, restore, price

    /// Those in which two workers can be compared.
    static let comparable: Set<Measurement> = [.rollouts, .known, .unwanted, .restore]

    /// Those that librdkafka's mock cluster, which forgets, has nothing to say about.
    static let genuine: Set<Measurement> = [.known, .unwanted, .waiting, .takeover, .restore, .price]

    /// The names of some, in the order in which they are taken.
    static func names(_ measurements: Set<Measurement>) -> String {
        self.allCases.filter(measurements.contains).map(\.rawValue).joined(separator: ", ")
    }
}

extension BenchSettings {
    /// Why these can't be measured as asked for; `nil` where they can.
    var problem: String? {
        let asked = self.only == Set(Measurement.allCases) ? [] : self.only
        if !self.isGenuine, !asked.isDisjoint(with: Measurement.genuine) {
            return "--only \(Measurement.names(asked.intersection(Measurement.genuine))): needs --kafka"
        }
        guard self.otherWorker != nil else { return nil }
        guard self.isGenuine else { return "--worker: needs --kafka" }
        guard asked.isSubset(of: Measurement.comparable) else {
            let wrong = Measurement.names(asked.subtracting(Measurement.comparable))
            return "--worker: workers are compared in \(Measurement.names(Measurement.comparable)), not in \(wrong)"
        }
        return nil
    }
}
