// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Kafka

/// Where figures were taken, and how they are told.
struct Report: Sendable {
    let settings: BenchSettings

    private var kafka: String {
        self.settings.bootstrap.map { "genuine Kafka at \($0)" } ?? "librdkafka's mock cluster in place of a Kafka"
    }

    private var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// One JSON object with all figures.
    func json(_ figures: [Figure]) -> String {
        let bytes = JSONWriter.object { writer in
            writer.field("kafka", self.settings.isGenuine ? "genuine" : "mock")
            writer.field("cores", self.cores)
            writer.field("librdkafka", KafkaProperties.librdkafkaVersion)
            writer.field("optimised", Self.isOptimised)
            writer.field("concurrency", self.settings.concurrency)
            writer.array("figures") { list in
                for figure in figures { figure.write(to: &list) }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The lines before the figures, for people.
    var head: String {
        var lines = [
            "\(self.kafka); \(self.cores) cores, shared by all of it; librdkafka \(KafkaProperties.librdkafkaVersion)"
        ]
        if !Self.isOptimised { lines.append("This is a debug build: its figures say nothing.") }
        if !self.settings.isGenuine {
            lines.append(
                "Repeated events, waiting rollouts, takeover and restore were not measured: they need --kafka."
            )
        }
        lines.append("")
        return lines.joined(separator: "\n") + "\n"
    }

    private static var isOptimised: Bool {
        #if DEBUG
        false
        #else
        true
        #endif
    }
}
