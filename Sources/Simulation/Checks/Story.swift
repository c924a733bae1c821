// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// What happened, in words for people.
enum Story {
    static func line(_ time: MonotonicTime, _ process: SimulatedProcess, _ text: String) -> String {
        "\(self.time(time))  worker \(process.worker) (process \(process.number))  \(text)"
    }

    static func line(_ time: MonotonicTime, _ text: String) -> String { "\(self.time(time))  \(text)" }

    /// Seconds since the beginning.
    static func time(_ time: MonotonicTime) -> String {
        let milliseconds = (time.nanoseconds - 1_000_000_000) / 1_000_000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        let text = "\(milliseconds / 1000).\(fraction)"
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }

    static func seconds(_ span: Span) -> String { "\(span.nanoseconds / 1_000_000) ms" }

    static func name(_ state: RolloutState) -> String {
        "rollout \(state.id.description.prefix(8)) of run \(state.plan.run.runID ?? "newest")"
    }

    static func cause(_ state: RolloutState) -> String {
        state.cause.map { ": \($0.class.rawValue), \($0.message)" } ?? ""
    }

    static func list(_ partitions: [ReadPartition]) -> String {
        partitions.map(\.description).joined(separator: ", ")
    }

    static func text(_ report: TransactionReport) -> String {
        switch report.outcome {
        case .committed(let transaction):
            "transaction of \(transaction.entries.count) entries is committed (\(self.seconds(report.took)))"
        case .fenced(let failure): "transaction is fenced: \(failure)"
        case .aborted(let failure, _): "transaction is aborted: \(failure)"
        case .blamed(let count, _): "transaction: \(count) records are refused"
        case .unknown(let failure): "transaction's outcome is unknown: \(failure)"
        case .fatal(let failure): "producer is lost: \(failure)"
        }
    }
}
