// SPDX-License-Identifier: Apache-2.0

/// What a worker's `/metrics` said at one moment.
struct MetricsPage: Sendable {
    private struct Sample: Sendable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    private var samples: [Sample] = []

    /// Reads Prometheus text as Slipway writes it; a line of another kind is passed over.
    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                continue
            }
            let series = line[..<space]
            let name = series.prefix { $0 != "{" }
            self.samples.append(Sample(name: String(name), labels: Self.labels(series[name.endIndex...]), value: value))
        }
    }

    /// Reads `{name="value",...}`; no label value of Slipway's holds a comma or a quote.
    private static func labels(_ text: Substring) -> [String: String] {
        var labels: [String: String] = [:]
        for pair in text.dropFirst().dropLast().split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            labels[String(parts[0])] = String(parts[1].dropFirst().dropLast())
        }
        return labels
    }

    /// The sum of all series of that name that have these labels; 0 for none.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double {
        self.samples.reduce(0) { sum, sample in
            let fits = sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
            return fits ? sum + sample.value : sum
        }
    }

    /// The histogram of that name, all series together.
    func histogram(_ name: String) -> HistogramReading {
        var counts: [Double: Double] = [:]
        for sample in self.samples where sample.name == name + "_bucket" {
            // `Double` reads "+Inf" as well.
            guard let bound = sample.labels["le"].flatMap({ Double($0) }) else { continue }
            counts[bound, default: 0] += sample.value
        }
        return HistogramReading(buckets: counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
}

/// The observations of a histogram: for each upper bound how many were not above it.
struct HistogramReading: Sendable {
    let buckets: [(upperBound: Double, count: Double)]

    init(buckets: [(upperBound: Double, count: Double)]) { self.buckets = buckets }

    /// How many observations there are.
    var count: Double { self.buckets.last?.count ?? 0 }

    /// What came since an earlier reading of the same histogram.
    func since(_ earlier: HistogramReading) -> HistogramReading {
        let before = Dictionary(earlier.buckets.map { ($0.upperBound, $0.count) }) { first, _ in first }
        return HistogramReading(buckets: self.buckets.map { ($0.upperBound, $0.count - (before[$0.upperBound] ?? 0)) })
    }

    /// Estimates a quantile, as Prometheus does: evenly spread within the bucket that it falls into.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: `nil` without observations; the highest finite bound where it lies above all of them.
    func quantile(_ share: Double) -> Double? {
        guard self.count > 0 else { return nil }
        let rank = share * self.count
        var (lower, below) = (0.0, 0.0)
        for (upperBound, count) in self.buckets {
            guard count < rank || count == below else {
                guard upperBound.isFinite else { return lower }
                return lower + (upperBound - lower) * (rank - below) / (count - below)
            }
            (lower, below) = (upperBound.isFinite ? upperBound : lower, count)
        }
        return lower
    }
}
