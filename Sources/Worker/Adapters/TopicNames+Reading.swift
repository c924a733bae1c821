// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

extension TopicNames {
    /// The partition by its topic's name.
    func topicPartition(_ partition: ReadPartition) -> TopicPartition {
        switch partition.topic {
        case .inbox: TopicPartition(topic: self.inbox, partition: partition.partition)
        case .events(let index): TopicPartition(topic: self.events[index], partition: partition.partition)
        }
    }

    /// The partition of a topic that is read; `nil` for one of another topic.
    func readPartition(_ partition: TopicPartition) -> ReadPartition? {
        if partition.topic == self.inbox { return .inbox(partition.partition) }
        return self.events.firstIndex(of: partition.topic).map { ReadPartition(.events($0), partition.partition) }
    }
}
