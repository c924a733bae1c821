// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Glibc
package import Values

extension Admin {
    /// Lists the topics that we may see, by name.
    ///
    /// - Throws: `KafkaError` when no broker answers within `timeout`.
    package func topics(timeout: Duration = .seconds(10)) async throws(KafkaError) -> [String: Topic] {
        try await self.run("list topics") { Self.metadata($0, topic: nil, timeout) }
    }

    /// Describes one topic; `nil` when there is none of that name.
    ///
    /// - Throws: `KafkaError` when no broker answers within `timeout`, or the right is missing.
    package func topic(_ name: String, timeout: Duration = .seconds(10)) async throws(KafkaError) -> Topic? {
        try await self.run("describe topic \(name)") { Self.metadata($0, topic: name, timeout).map { $0[name] } }
    }

    /// Returns how many brokers the cluster has, those that are away included only as long as it counts them.
    ///
    /// - Throws: `KafkaError` when no broker answers within `timeout`.
    package func brokerCount(timeout: Duration = .seconds(10)) async throws(KafkaError) -> Int {
        try await self.run("list brokers") { Self.brokers($0, timeout).map(\.count) }
    }

    /// The numbers of the cluster's brokers.
    static func brokers(_ client: OpaquePointer, _ timeout: Duration) -> Result<[Int32], KafkaError> {
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(client, 0, nil, &answer, max(1, timeout.callMilliseconds))
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let answer else {
            return .failure(KafkaError(code, operation: "list brokers"))
        }
        defer { rd_kafka_metadata_destroy(answer) }
        let brokers = UnsafeBufferPointer(start: answer.pointee.brokers, count: Int(answer.pointee.broker_cnt))
        return .success(brokers.map(\.id))
    }

    /// Creates topics, and waits until they can be used.
    ///
    /// A broker confirms a topic before it knows the topic itself; whoever asked at once would be told that there is none.
    ///
    /// - Returns: For each topic that was not created, why; `isTopicExists` tells one that was there already.
    /// - Throws: `KafkaError` when the brokers don't answer within `timeout`.
    package func createTopics(
        _ topics: [NewTopic],
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) -> [String: KafkaError] {
        try await self.run("create topics") { client in
            var created: [OpaquePointer?] = []
            defer { for topic in created { rd_kafka_NewTopic_destroy(topic) } }
            for topic in topics {
                switch Self.make(topic) {
                case .success(let pointer): created.append(pointer)
                case .failure(let error): return .failure(error)
                }
            }
            guard !created.isEmpty else { return .success([:]) }
            let call = AdminCall(
                operation: RD_KAFKA_ADMIN_OP_CREATETOPICS,
                name: "create topics",
                timeout: timeout,
                waitsForBrokers: true
            )
            let deadline = ContinuousClock.now + timeout
            let result = Self.request(call, client) { options, queue in
                rd_kafka_CreateTopics(client, &created, created.count, options, queue)
            } read: { event in
                var count = 0
                let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
                return .success(Self.failures(results, count, "create topic"))
            }
            return result.flatMap { failures in
                let names = Set(topics.map(\.name)).subtracting(failures.keys)
                return Self.waitUntilKnown(names, client, until: deadline).map { failures }
            }
        }
    }

    /// Waits until a broker names all topics with a leader for each of their partitions.
    private static func waitUntilKnown(
        _ names: Set<String>,
        _ client: OpaquePointer,
        until deadline: ContinuousClock.Instant
    ) -> Result<Void, KafkaError> {
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return .failure(.timedOut(operation: "wait for created topics")) }
            switch self.metadata(client, topic: nil, left) {
            case .failure(let error): return .failure(error)
            case .success(let known):
                guard names.contains(where: { known[$0]?.hasLeaders != true }) else { return .success(()) }
            }
            // No broker tells when it has caught up.
            usleep(20_000)
        }
    }

    /// Deletes topics.
    ///
    /// - Returns: For each topic that was not deleted, why.
    /// - Throws: `KafkaError` when the brokers don't answer within `timeout`.
    package func deleteTopics(
        _ names: [String],
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) -> [String: KafkaError] {
        try await self.run("delete topics") { client in
            var topics = names.map { rd_kafka_DeleteTopic_new($0) }
            defer { for topic in topics { rd_kafka_DeleteTopic_destroy(topic) } }
            guard !topics.isEmpty else { return .success([:]) }
            let call = AdminCall(
                operation: RD_KAFKA_ADMIN_OP_DELETETOPICS,
                name: "delete topics",
                timeout: timeout,
                waitsForBrokers: true
            )
            return Self.request(call, client) { options, queue in
                rd_kafka_DeleteTopics(client, &topics, topics.count, options, queue)
            } read: { event in
                var count = 0
                let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
                return .success(Self.failures(results, count, "delete topic"))
            }
        }
    }

    /// Gives a topic more partitions.
    ///
    /// - Throws: `KafkaError` when the brokers refuse, or don't answer within `timeout`.
    package func growTopic(
        _ name: String,
        toPartitions count: Int,
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) {
        let operation = "grow topic \(name)"
        try await self.run(operation) { (client) -> Result<Void, KafkaError> in
            let (new, text) = withErrorText { rd_kafka_NewPartitions_new(name, count, $0, $1) }
            guard let new else { return .failure(.invalid(operation: operation, message: text)) }
            defer { rd_kafka_NewPartitions_destroy(new) }
            let call = AdminCall(
                operation: RD_KAFKA_ADMIN_OP_CREATEPARTITIONS,
                name: operation,
                timeout: timeout,
                waitsForBrokers: true
            )
            return Self.request(call, client) { options, queue in
                var list: [OpaquePointer?] = [new]
                rd_kafka_CreatePartitions(client, &list, 1, options, queue)
            } read: { event in
                var count = 0
                let results = rd_kafka_CreatePartitions_result_topics(
                    rd_kafka_event_CreatePartitions_result(event),
                    &count
                )
                let failure = Self.failures(results, count, "grow topic")[name]
                return failure.map { .failure($0) } ?? .success(())
            }
        }
    }

    /// Drops the records of partitions that lie before the given offsets.
    ///
    /// - Throws: `KafkaError` for the first partition that refuses, or when the brokers don't answer within `timeout`.
    package func deleteRecords(
        before offsets: [TopicPartition: Offset],
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) {
        try await self.run("delete records") { client in
            guard !offsets.isEmpty else { return .success(()) }
            let list = PartitionList(offsets.map { (key: $0.key, value: $0.value.rawValue) })
            var request = list.withPointer { rd_kafka_DeleteRecords_new($0) }
            defer { rd_kafka_DeleteRecords_destroy(request) }
            let call = AdminCall(
                operation: RD_KAFKA_ADMIN_OP_DELETERECORDS,
                name: "delete records",
                timeout: timeout,
                waitsForBrokers: true
            )
            return Self.request(call, client) { options, queue in
                rd_kafka_DeleteRecords(client, &request, 1, options, queue)
            } read: { event in
                let result = rd_kafka_event_DeleteRecords_result(event)
                guard let done = rd_kafka_DeleteRecords_result_offsets(result) else { return .success(()) }
                let failed = PartitionList.elements(of: done).first { $0.code != RD_KAFKA_RESP_ERR_NO_ERROR }
                guard let failed else { return .success(()) }
                return .failure(KafkaError(failed.code, operation: "delete records of \(failed.topicPartition)"))
            }
        }
    }

    private static func metadata(
        _ client: OpaquePointer,
        topic: String?,
        _ timeout: Duration
    ) -> Result<[String: Topic], KafkaError> {
        let operation = topic.map { "describe topic \($0)" } ?? "list topics"
        let handle = topic.flatMap { rd_kafka_topic_new(client, $0, nil) }
        defer { if let handle { rd_kafka_topic_destroy(handle) } }
        var answer: UnsafePointer<rd_kafka_metadata>?
        var code = RD_KAFKA_RESP_ERR__TIMED_OUT
        let deadline = ContinuousClock.now + timeout
        // Asked in growing pieces of the time, so that refused credentials are told at once and not in the end.
        var piece = Duration.milliseconds(500)
        repeat {
            let milliseconds = max(1, min(piece, deadline - .now).callMilliseconds)
            code = rd_kafka_metadata(client, topic == nil ? 1 : 0, handle, &answer, milliseconds)
            guard KafkaError(code, operation: operation).isOutage else { break }
            rd_kafka_poll(client, 0)
            piece = piece * 2
        } while deadline > .now && ClientContext.of(client)?.standingRefusal == nil
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let answer else {
            return .failure(KafkaError(code, operation: operation))
        }
        defer { rd_kafka_metadata_destroy(answer) }
        var topics: [String: Topic] = [:]
        for entry in UnsafeBufferPointer(start: answer.pointee.topics, count: Int(answer.pointee.topic_cnt)) {
            let name = String(cString: entry.topic)
            guard entry.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
                let error = KafkaError(entry.err, operation: operation)
                if topic == nil || error.isUnknownTopic { continue }
                return .failure(error)
            }
            let partitions = UnsafeBufferPointer(start: entry.partitions, count: Int(entry.partition_cnt))
            topics[name] = Topic(
                name: name,
                partitionCount: partitions.count,
                replicationFactor: partitions.map { Int($0.replica_cnt) }.min() ?? 0,
                hasLeaders: !partitions.isEmpty && partitions.allSatisfy { $0.leader >= 0 }
            )
        }
        return .success(topics)
    }

    private static func make(_ topic: NewTopic) -> Result<OpaquePointer, KafkaError> {
        let operation = "create topic \(topic.name)"
        let (pointer, text) = withErrorText {
            rd_kafka_NewTopic_new(
                topic.name,
                Int32(clamping: topic.partitionCount ?? -1),
                Int32(clamping: topic.replicationFactor ?? -1),
                $0,
                $1
            )
        }
        guard let pointer else { return .failure(.invalid(operation: operation, message: text)) }
        for (name, value) in topic.settings.sorted(by: { $0.key < $1.key }) {
            let code = rd_kafka_NewTopic_set_config(pointer, name, value)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
            rd_kafka_NewTopic_destroy(pointer)
            return .failure(KafkaError(code, operation: operation))
        }
        return .success(pointer)
    }

    private static func failures(
        _ results: UnsafeMutablePointer<OpaquePointer?>?,
        _ count: Int,
        _ operation: String
    ) -> [String: KafkaError] {
        var failures: [String: KafkaError] = [:]
        for result in UnsafeBufferPointer(start: results, count: count) {
            let code = rd_kafka_topic_result_error(result)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR, let name = rd_kafka_topic_result_name(result) else { continue }
            let topic = String(cString: name)
            let text = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
            failures[topic] = KafkaError(code, operation: "\(operation) \(topic)", message: text)
        }
        return failures
    }
}
