// SPDX-License-Identifier: Apache-2.0

import CRdkafka
package import Values

extension Admin {
    /// Describes a consumer group; one that nobody knows has no members and the state "Dead".
    ///
    /// Like the other requests here it goes to the group's coordinator, and librdkafka ends the process where the connection
    /// breaks under it (`rd_kafka_enq_once_del_source_return`, confluentinc/librdkafka#5397, open): for commands and tests only.
    /// A worker asks by its consumer (`Consumer.group`, `Consumer.committed`).
    ///
    /// - Throws: `KafkaError` when the coordinator doesn't answer within `timeout`, or the right is missing.
    package func group(_ groupID: String, timeout: Duration = .seconds(10)) async throws(KafkaError) -> ConsumerGroup {
        let name = "describe group \(groupID)"
        return try await self.run(name) { client in
            let call = AdminCall(
                operation: RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS,
                name: name,
                timeout: timeout
            )
            return Self.request(call, client) { options, queue in
                groupID.withCString { text in
                    var groups: [UnsafePointer<CChar>?] = [text]
                    rd_kafka_DescribeConsumerGroups(client, &groups, 1, options, queue)
                }
            } read: { event in
                var count = 0
                let result = rd_kafka_event_DescribeConsumerGroups_result(event)
                let groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &count)
                guard let group = UnsafeBufferPointer(start: groups, count: count).first else {
                    return .failure(.invalid(operation: name, message: "the answer names no group"))
                }
                if let error = Self.error(rd_kafka_ConsumerGroupDescription_error(group), name) {
                    return .failure(error)
                }
                let members = (0..<rd_kafka_ConsumerGroupDescription_member_count(group)).map { index in
                    Self.member(rd_kafka_ConsumerGroupDescription_member(group, index))
                }
                let state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(group))
                let stateName = state.map { String(cString: $0) } ?? "Unknown"
                let coordinator = rd_kafka_ConsumerGroupDescription_coordinator(group)
                return .success(
                    ConsumerGroup(
                        groupID: groupID,
                        state: stateName,
                        coordinator: coordinator.map { Int(rd_kafka_Node_id($0)) },
                        members: members
                    )
                )
            }
        }
    }

    /// Returns the committed offsets of a group; a partition without one is absent.
    ///
    /// Waits for open transactions that hold offsets of the group.
    ///
    /// - Throws: `KafkaError` when the coordinator doesn't answer within `timeout`, or the right is missing.
    package func committedOffsets(
        ofGroup groupID: String,
        _ partitions: [TopicPartition],
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [TopicPartition: Offset] {
        let name = "read offsets of group \(groupID)"
        return try await self.run(name) { client in
            guard !partitions.isEmpty else { return .success([:]) }
            let list = PartitionList(partitions)
            var request = list.withPointer { rd_kafka_ListConsumerGroupOffsets_new(groupID, $0) }
            defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
            let call = AdminCall(
                operation: RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
                name: name,
                timeout: timeout
            )
            return Self.request(call, client) { options, queue in
                if let error = rd_kafka_AdminOptions_set_require_stable_offsets(options, 1) {
                    rd_kafka_error_destroy(error)
                }
                rd_kafka_ListConsumerGroupOffsets(client, &request, 1, options, queue)
            } read: { event in
                Self.offsets(event, name)
            }
        }
    }

    /// Deletes the offsets that a group without members has committed, as brokers do after a long rest.
    ///
    /// - Throws: `KafkaError` for the first partition that refuses, or when the coordinator doesn't answer within `timeout`.
    package func deleteOffsets(
        ofGroup groupID: String,
        _ partitions: [TopicPartition],
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) {
        let name = "delete offsets of group \(groupID)"
        try await self.run(name) { client in
            guard !partitions.isEmpty else { return .success(()) }
            let list = PartitionList(partitions)
            var request = list.withPointer { rd_kafka_DeleteConsumerGroupOffsets_new(groupID, $0) }
            defer { rd_kafka_DeleteConsumerGroupOffsets_destroy(request) }
            let call = AdminCall(
                operation: RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS,
                name: name,
                timeout: timeout
            )
            return Self.request(call, client) { options, queue in
                rd_kafka_DeleteConsumerGroupOffsets(client, &request, 1, options, queue)
            } read: { event in
                var count = 0
                let result = rd_kafka_event_DeleteConsumerGroupOffsets_result(event)
                let groups = rd_kafka_DeleteConsumerGroupOffsets_result_groups(result, &count)
                for group in UnsafeBufferPointer(start: groups, count: count) {
                    if let error = Self.error(rd_kafka_group_result_error(group), name) { return .failure(error) }
                }
                return .success(())
            }
        }
    }

    private static func offsets(
        _ event: OpaquePointer,
        _ operation: String
    ) -> Result<[TopicPartition: Offset], KafkaError> {
        var count = 0
        let result = rd_kafka_event_ListConsumerGroupOffsets_result(event)
        let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count)
        var offsets: [TopicPartition: Offset] = [:]
        for group in UnsafeBufferPointer(start: groups, count: count) {
            if let error = self.error(rd_kafka_group_result_error(group), operation) { return .failure(error) }
            guard let list = rd_kafka_group_result_partitions(group) else { continue }
            for element in PartitionList.elements(of: list) {
                guard element.code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                    return .failure(KafkaError(element.code, operation: operation))
                }
                offsets[element.topicPartition] = element.realOffset
            }
        }
        return .success(offsets)
    }

    /// Copies an error that belongs to a result.
    private static func error(_ error: OpaquePointer?, _ operation: String) -> KafkaError? {
        guard let error, rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        let text = rd_kafka_error_string(error).map { String(cString: $0) }
        return KafkaError(rd_kafka_error_code(error), operation: operation, message: text)
    }

    private static func member(_ member: OpaquePointer?) -> ConsumerGroup.Member {
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        let assignment = rd_kafka_MemberDescription_assignment(member).flatMap(rd_kafka_MemberAssignment_partitions)
        return ConsumerGroup.Member(
            memberID: text(rd_kafka_MemberDescription_consumer_id(member)),
            clientID: text(rd_kafka_MemberDescription_client_id(member)),
            host: text(rd_kafka_MemberDescription_host(member)),
            groupInstanceID: rd_kafka_MemberDescription_group_instance_id(member).map { String(cString: $0) },
            assignment: assignment.map { PartitionList.elements(of: $0).map(\.topicPartition) } ?? []
        )
    }
}
