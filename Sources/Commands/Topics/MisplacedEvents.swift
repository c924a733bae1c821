// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values
import Worker

/// Who sends events to other partitions than those of their models, as the copies tell that workers have forwarded.
///
/// Such events deploy like the others, at the price of a second record each and of their order among those of their model.
struct MisplacedEvents: Sendable, Equatable {
    /// Places at the end of each partition that are looked at.
    static let places: Int64 = 1_000

    /// Events looked at; a forwarded one and its copy are one.
    private(set) var count = 0
    /// Forwarded ones by CloudEvents `source`; empty where they have none.
    private(set) var bySource: [String: Int] = [:]

    /// Adds a record of the events topic.
    mutating func add(_ record: ConsumedRecord) {
        guard record.isForwarded else {
            self.count += 1
            return
        }
        // What was forwarded could be understood.
        guard case .success(let event) = EventDecoder.decode(record) else { return }
        self.bySource[event.reference.source, default: 0] += 1
    }

    /// What is to be said of them; `nil` where there are none.
    func finding(_ topic: String) -> TopicFinding? {
        guard !self.bySource.isEmpty else { return nil }
        let most = self.bySource.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var names = most.prefix(5).map { source, count in
            "\(count) from \(source.isEmpty ? "producers that name no source" : "'\(TerminalText(source).text)'")"
        }
        if most.count > 5 { names.append("\(most[5...].reduce(0) { $0 + $1.value }) from \(most.count - 5) others") }
        let total = self.bySource.values.reduce(0, +)
        let message =
            "of the newest \(max(self.count, total)) events \(total) came to another partition than their model's and were "
            + "forwarded: \(names.joined(separator: ", ")); let them key events by the model's name and partition by "
            + "murmur2_random"
        return TopicFinding(kind: .advice, topic: topic, message: message)
    }

    /// Looks at the end of every partition of the events topic.
    ///
    /// - Parameters:
    ///   - topic: The events topic.
    ///   - properties: Of librdkafka.
    /// - Returns: What is to be said; `nil` where there is nothing.
    /// - Throws: `KafkaError`, `CancellationError`.
    static func finding(in topic: Topic, _ properties: KafkaProperties) async throws -> TopicFinding? {
        let reader = try PartitionReader(properties: properties, isolation: .committed)
        do {
            let found = try await self.read(TopicPass(reader, topic))
            await reader.close()
            return found.finding(topic.name)
        } catch let error as KafkaError where error.isAuthorization {
            await reader.close()
            let message = "its events may not be read, so who sends them to other partitions is not known"
            return TopicFinding(kind: .notCheckable, topic: topic.name, message: message)
        } catch let error where error is StalledRead || error is KafkaError {
            // What else was found is worth more than this.
            await reader.close()
            return TopicFinding(kind: .notCheckable, topic: topic.name, message: "\(error)")
        } catch {
            await reader.close()
            throw error
        }
    }

    private static func read(_ pass: TopicPass) async throws -> MisplacedEvents {
        let (oldest, ends) = (try await pass.starts(.beginning), try await pass.ends())
        let starts = oldest.map { partition, oldest in
            let end = ends[partition]?.rawValue ?? oldest.rawValue
            return (partition, max(oldest, Offset(rawValue: max(0, end - self.places))))
        }
        var found = MisplacedEvents()
        try await pass.run(from: Dictionary(uniqueKeysWithValues: starts), to: ends, stall: .seconds(10)) { record in
            found.add(record)
        }
        return found
    }
}
