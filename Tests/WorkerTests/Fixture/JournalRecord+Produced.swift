// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

extension JournalRecord {
    /// The record as it is sent to a partition of the journal.
    func produced(to topic: String, _ partition: Partition) -> ProducerRecord {
        ProducerRecord(topic: topic, partition: partition, key: self.key, value: self.value, headers: self.headers)
    }
}
