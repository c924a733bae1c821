// SPDX-License-Identifier: Apache-2.0

/// Reads the log line by which librdkafka tells which topic a transaction was not allowed to write to.
///
/// The error of the transaction itself names no topic. The line reads
/// `Failed to add partition "topic" [0] to transaction: Broker: Topic authorization failed`.
enum DeniedTopicLine {
    static func parse(_ line: String) -> String? {
        guard line.contains("authorization failed"), let start = line.firstRange(of: "Failed to add partition \""),
            let end = line[start.upperBound...].firstRange(of: "\" [")
        else { return nil }
        return String(line[start.upperBound..<end.lowerBound])
    }
}
