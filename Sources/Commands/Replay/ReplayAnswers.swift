// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Values

/// Waits on the status topic for what becomes of commands.
struct ReplayAnswers {
    /// Reads the status topic from where it ended before anything was sent.
    private let reader: PartitionReader

    /// Begins to listen: what is told from here on is not missed, however soon it comes.
    ///
    /// - Throws: `KafkaError`, `MissingTopic`, `KafkaPropertyError`.
    init(_ access: KafkaAccess) async throws {
        let topic = try await access.topic(access.statusTopic)
        let reader = try PartitionReader(properties: try access.properties(), isolation: .committed)
        self.reader = reader
        do {
            try await reader.assign(try await TopicPass(reader, [topic]).ends())
        } catch {
            await reader.close()
            throw error
        }
    }

    /// Waits until every command is answered, or time is up.
    ///
    /// - Parameters:
    ///   - commands: Ids of the commands.
    ///   - limit: The longest wait.
    ///   - answers: Takes the answers by command; where the wait fails, those that came before.
    /// - Throws: `KafkaError`, `CancellationError`.
    func wait(
        for commands: Set<String>,
        atMost limit: Duration,
        into answers: inout [String: CommandStatus]
    ) async throws {
        let end = ContinuousClock.now + limit
        while answers.count < commands.count, ContinuousClock.now < end {
            try Task.checkCancellation()
            var batch = ReadBatch()
            do throws(KafkaError) {
                batch = try await self.reader.poll(timeout: .milliseconds(200))
            } catch {
                guard error.isOutage || error.isTransport || error.isRetriable else { throw error }
                // librdkafka connects again by itself.
                try await Task.sleep(for: .milliseconds(500))
            }
            for record in batch.records {
                guard let status = CommandStatus.decode(headers: record.headers, value: record.value),
                    commands.contains(status.commandID), answers[status.commandID] == nil
                else { continue }
                answers[status.commandID] = status
            }
        }
    }

    /// Ends the reader.
    func close() async { await self.reader.close() }
}
