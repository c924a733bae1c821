// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Batches that can't be read: tried again, then stepped over, and told in their place among the records.
extension ConsumerLoop {
    /// Whether what has arrived is for the reader, as far as batches that can't be read go.
    func meets(_ partition: TopicPartition, _ offset: Offset) -> Bool {
        switch self.unreadable.met(partition, offset) {
        case .fine, .again: return true
        case .read(let from):
            _ = self.ledger.move(partition, to: from, isSought: false)
            return false
        case .lost(let lost, let from):
            self.step(over: lost, of: partition, readFrom: from)
            return from == nil
        }
    }

    /// Takes an error that may speak of a batch.
    ///
    /// - Parameters:
    ///   - error: The error.
    ///   - code: Its code.
    ///   - partition: The partition that it names.
    ///   - offset: The offset that it names.
    ///   - end: The partition's end, as far as it is known; asked for only where an error speaks of a batch.
    /// - Returns: Whether it is to be told: one batch is told once, not at each try.
    func isNews(
        _ error: KafkaError,
        _ code: rd_kafka_resp_err_t,
        _ partition: TopicPartition,
        _ offset: Offset,
        end: @autoclosure () -> Offset?
    ) -> Bool {
        guard let place = BatchPlace(code), !partition.topic.isEmpty, offset.rawValue >= 0 else { return true }
        // What is paused is read again later, from where it stands.
        guard self.ledger.arrived(partition, self.unreadable.position(of: partition) ?? offset) else { return false }
        let (answer, isNew) = self.unreadable.failed(
            partition,
            at: offset,
            isBase: place == .base,
            reason: error.message,
            end: end()
        )
        switch answer {
        case .fine, .again: break
        case .read(let from): _ = self.ledger.move(partition, to: from, isSought: false)
        case .lost(let lost, let from): self.step(over: lost, of: partition, readFrom: from)
        }
        return isNew
    }

    private func step(over lost: LostRange, of partition: TopicPartition, readFrom: Offset?) {
        self.batch.append(ConsumedRecord(topicPartition: partition, lost: lost))
        if let readFrom { _ = self.ledger.move(partition, to: readFrom, isSought: false) }
    }
}
