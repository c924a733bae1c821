// SPDX-License-Identifier: Apache-2.0

import Values

/// Reads the one log line by which librdkafka tells that a position was out of range.
///
/// With `auto.offset.reset` set to a place rather than to "error" it says so nowhere else. The line begins
/// "topic [partition]: offset reset (at offset N" (later versions drop the second "offset").
enum OffsetResetLine {
    static func parse(_ line: String) -> (TopicPartition, Offset)? {
        guard
            line.contains("out of range"),
            let mark = line.firstRange(of: "]: offset reset (at "),
            let bracket = line[..<mark.lowerBound].lastIndex(of: "["),
            let partition = Int32(line[line.index(after: bracket)..<mark.lowerBound])
        else { return nil }
        // Something like "[thrd:main]: " may stand before the topic.
        let topic = line[..<bracket].split(separator: " ").last.map(String.init) ?? ""
        let digits = line[mark.upperBound...].drop { !$0.isNumber }.prefix { $0.isNumber }
        guard !topic.isEmpty, let offset = Int64(digits) else { return nil }
        return (TopicPartition(topic, Partition(rawValue: partition)), Offset(rawValue: offset))
    }
}
