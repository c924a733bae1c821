// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Glibc

extension Admin {
    /// Describes the settings of a topic, by name.
    ///
    /// - Throws: `KafkaError` when there is no such topic, the right is missing, or the time is up.
    package func settings(
        ofTopic topic: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [String: TopicSetting] {
        try await self.run("describe settings of \(topic)") { Self.describe(topic, $0, timeout) }
    }

    /// Changes some settings of a topic and keeps its other own ones.
    ///
    /// The request sets everything that it is not given back to the default, so the topic's own settings are read first
    /// and written whole: two who change one topic at the same moment can undo each other. Returns when a broker names
    /// the new values, so that whoever looks next sees them.
    ///
    /// - Parameters:
    ///   - topic: The topic.
    ///   - changes: New values by name; `nil` sets one back to the default.
    ///   - timeout: The longest wait for each of the two requests.
    /// - Throws: `KafkaError` when a value is refused, the right is missing, or the time is up.
    package func changeSettings(
        ofTopic topic: String,
        _ changes: [String: String?],
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) {
        try await self.run("change settings of \(topic)") { client in
            Self.describe(topic, client, timeout).flatMap { settings -> Result<Void, KafkaError> in
                let own = settings.values.filter { $0.isOwn && !$0.isReadOnly }
                // The brokers hide a secret, so it could only be lost.
                if let hidden = own.first(where: { $0.value == nil && changes[$0.name] == nil }) {
                    let text = "its setting \(hidden.name) is hidden and would be lost"
                    return .failure(.invalid(operation: "change settings of \(topic)", message: text))
                }
                var whole = Dictionary(uniqueKeysWithValues: own.map { ($0.name, $0.value) })
                for (name, value) in changes { whole.updateValue(value, forKey: name) }
                let written = whole.compactMapValues { $0 }
                return Self.write(written, topic, client, timeout).flatMap {
                    Self.waitUntilKnown(written, topic, client, timeout)
                }
            }
        }
    }

    /// Waits until the topic's own settings are the ones that were written.
    private static func waitUntilKnown(
        _ written: [String: String],
        _ topic: String,
        _ client: OpaquePointer,
        _ timeout: Duration
    ) -> Result<Void, KafkaError> {
        let deadline = ContinuousClock.now + timeout
        while true {
            switch self.describe(topic, client, timeout) {
            case .failure(let error): return .failure(error)
            case .success(let settings):
                let own = settings.values.filter { $0.isOwn && !$0.isReadOnly }
                let values = own.compactMap { setting in setting.value.map { (setting.name, $0) } }
                if Dictionary(uniqueKeysWithValues: values) == written { return .success(()) }
            }
            guard ContinuousClock.now < deadline else {
                return .failure(.timedOut(operation: "wait for the changed settings of \(topic)"))
            }
            // No broker tells when it has caught up.
            usleep(20_000)
        }
    }

    /// Reads the settings of a topic, or of a broker by its number.
    static func describe(
        _ subject: String,
        _ client: OpaquePointer,
        _ timeout: Duration,
        isBroker: Bool = false
    ) -> Result<[String: TopicSetting], KafkaError> {
        let call = AdminCall(
            operation: RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
            name: "describe settings of \(isBroker ? "broker " : "")\(subject)",
            timeout: timeout
        )
        let kind = isBroker ? RD_KAFKA_RESOURCE_BROKER : RD_KAFKA_RESOURCE_TOPIC
        var resource = rd_kafka_ConfigResource_new(kind, subject)
        defer { rd_kafka_ConfigResource_destroy(resource) }
        return self.request(call, client) { options, queue in
            rd_kafka_DescribeConfigs(client, &resource, 1, options, queue)
        } read: { event in
            var count = 0
            let results = rd_kafka_DescribeConfigs_result_resources(
                rd_kafka_event_DescribeConfigs_result(event),
                &count
            )
            guard let result = UnsafeBufferPointer(start: results, count: count).first else {
                return .failure(.invalid(operation: call.name, message: "the answer does not name it"))
            }
            if let error = self.error(of: result, call.name) { return .failure(error) }
            let entries = rd_kafka_ConfigResource_configs(result, &count)
            let settings = UnsafeBufferPointer(start: entries, count: count).map(self.setting)
            return .success(Dictionary(settings.map { ($0.name, $0) }) { _, newest in newest })
        }
    }

    private static func write(
        _ settings: [String: String],
        _ topic: String,
        _ client: OpaquePointer,
        _ timeout: Duration
    ) -> Result<Void, KafkaError> {
        let call = AdminCall(
            operation: RD_KAFKA_ADMIN_OP_ALTERCONFIGS,
            name: "change settings of \(topic)",
            timeout: timeout
        )
        var resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic)
        defer { rd_kafka_ConfigResource_destroy(resource) }
        for (name, value) in settings {
            let code = rd_kafka_ConfigResource_set_config(resource, name, value)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(KafkaError(code, operation: call.name)) }
        }
        return self.request(call, client) { options, queue in
            rd_kafka_AlterConfigs(client, &resource, 1, options, queue)
        } read: { event in
            var count = 0
            let results = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count)
            let errors = UnsafeBufferPointer(start: results, count: count).compactMap { self.error(of: $0, call.name) }
            return errors.first.map { .failure($0) } ?? .success(())
        }
    }

    private static func error(of resource: OpaquePointer?, _ operation: String) -> KafkaError? {
        let code = rd_kafka_ConfigResource_error(resource)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        let text = rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) }
        return KafkaError(code, operation: operation, message: text)
    }

    private static func setting(_ entry: OpaquePointer?) -> TopicSetting {
        TopicSetting(
            name: rd_kafka_ConfigEntry_name(entry).map { String(cString: $0) } ?? "",
            value: rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) },
            isOwn: rd_kafka_ConfigEntry_source(entry) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG,
            isSensitive: rd_kafka_ConfigEntry_is_sensitive(entry) == 1,
            isReadOnly: rd_kafka_ConfigEntry_is_read_only(entry) == 1
        )
    }
}
