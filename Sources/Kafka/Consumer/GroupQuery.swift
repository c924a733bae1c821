// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Values

/// Asks brokers for the state and the members of a group, within a time that really ends.
///
/// By the consumer's own client: an admin client whose request was not answered can hang when it is destroyed (2.0.2).
enum GroupQuery {
    static func group(
        _ handle: ClientHandle,
        of groupID: String,
        timeout: Duration
    ) -> Result<ConsumerGroup, KafkaError> {
        let operation = "list members of group \(groupID)"
        var answer: UnsafePointer<rd_kafka_group_list>?
        let code = rd_kafka_list_groups(handle.pointer, groupID, &answer, max(1, timeout.callMilliseconds))
        defer { if let answer { rd_kafka_group_list_destroy(answer) } }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTIAL, let answer else {
            return .failure(KafkaError(code, operation: operation))
        }
        let groups = UnsafeBufferPointer(start: answer.pointee.groups, count: Int(answer.pointee.group_cnt))
        let members = groups.flatMap { group in
            UnsafeBufferPointer(start: group.members, count: Int(group.member_cnt)).map(Self.member)
        }
        let state = groups.lazy.compactMap(\.state).map { String(cString: $0) }.first { !$0.isEmpty }
        return .success(ConsumerGroup(groupID: groupID, state: state ?? "", coordinator: nil, members: members))
    }

    private static func member(_ info: rd_kafka_group_member_info) -> ConsumerGroup.Member {
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let assignment = UnsafeRawBufferPointer(
            start: info.member_assignment,
            count: max(0, Int(info.member_assignment_size))
        )
        return ConsumerGroup.Member(
            memberID: text(info.member_id),
            clientID: text(info.client_id),
            host: text(info.client_host),
            groupInstanceID: nil,
            assignment: self.partitions(assignment)
        )
    }

    /// Reads an assignment as consumers' members write it: version, then each topic with its partitions, big-endian.
    ///
    /// - Returns: What could be read; somebody else's bytes are not trusted.
    private static func partitions(_ bytes: UnsafeRawBufferPointer) -> [TopicPartition] {
        var rest = bytes[...]
        func number(_ size: Int) -> Int? {
            guard rest.count >= size else { return nil }
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size).reduce(0) { $0 << 8 | Int($1) }
        }
        var partitions: [TopicPartition] = []
        guard number(2) != nil, let topics = number(4) else { return [] }
        for _ in 0..<min(topics, 1_000) {
            guard let length = number(2), rest.count >= length else { return partitions }
            let topic = String(decoding: rest.prefix(length), as: UTF8.self)
            rest = rest.dropFirst(length)
            guard let count = number(4) else { return partitions }
            for _ in 0..<min(count, 10_000) {
                guard let partition = number(4), let value = Int32(exactly: partition) else { return partitions }
                partitions.append(TopicPartition(topic, Partition(rawValue: value)))
            }
        }
        return partitions
    }
}
