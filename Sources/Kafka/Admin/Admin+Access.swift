// SPDX-License-Identifier: Apache-2.0

import CRdkafka

/// One of the brokers' access rules about a topic.
package struct AccessRule: Sendable, Hashable {
    /// What it is about; others exist, and are told as `other`.
    package enum Operation: Sendable, Hashable {
        /// To read records.
        case read
        /// To write records.
        case write
        /// Everything.
        case all
        /// Something else.
        case other
    }

    /// Whom it is about, such as `User:alice`; `User:*` is everybody.
    package let principal: String
    /// What it is about.
    package let operation: Operation
    /// Whether it allows; the brokers let a rule that denies win.
    package let isAllowed: Bool
    /// From where, such as an address; `*` is from anywhere.
    package let host: String

    /// Creates a rule.
    package init(principal: String, operation: Operation, isAllowed: Bool = true, host: String = "*") {
        self.principal = principal
        self.operation = operation
        self.isAllowed = isAllowed
        self.host = host
    }

    /// Whether it is about everybody.
    package var isAboutEverybody: Bool { self.principal == "User:*" }
}

extension Admin {
    /// Describes the brokers' access rules that match a topic: of its own name, of a beginning of it, or of all topics.
    ///
    /// Needs the right Describe on the cluster: librdkafka 2.0.2 shows a refusal as no rules.
    ///
    /// - Returns: The rules; `nil` where the brokers have no authorizer, so that everybody may do everything.
    /// - Throws: `KafkaError` when the right is missing, or the time is up.
    package func accessRules(
        ofTopic topic: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [AccessRule]? {
        let name = "describe access rules of \(topic)"
        let rules = try await self.run(name) { Self.accessRules(of: topic, $0, name, timeout) }
        // It shows the answer of brokers without an authorizer so, too.
        guard rules.isEmpty, try await !self.checksRights(timeout: timeout) else { return rules }
        return nil
    }

    /// Asks whether the brokers have an authorizer; without one everybody may do everything.
    ///
    /// - Returns: Whether they have; who may not be told meets one.
    /// - Throws: `KafkaError` when no broker says so within the time.
    package func checksRights(timeout: Duration = .seconds(10)) async throws(KafkaError) -> Bool {
        do {
            let settings = try await self.run("look for an authorizer") { client in
                Self.brokers(client, timeout).flatMap { brokers in
                    // A cluster's brokers are set alike in this, or none of their rules holds.
                    brokers.first.map { Self.describe("\($0)", client, timeout, isBroker: true) } ?? .success([:])
                }
            }
            guard let authorizer = settings["authorizer.class.name"] else { return true }
            return authorizer.value?.isEmpty == false
        } catch  where error.isAuthorization {
            return true
        }
    }

    private static func accessRules(
        of topic: String,
        _ client: OpaquePointer,
        _ name: String,
        _ timeout: Duration
    ) -> Result<[AccessRule], KafkaError> {
        let (created, text) = withErrorText { text, size in
            rd_kafka_AclBindingFilter_new(
                RD_KAFKA_RESOURCE_TOPIC,
                topic,
                RD_KAFKA_RESOURCE_PATTERN_MATCH,
                nil,
                nil,
                RD_KAFKA_ACL_OPERATION_ANY,
                RD_KAFKA_ACL_PERMISSION_TYPE_ANY,
                text,
                size
            )
        }
        guard let filter = created else { return .failure(.invalid(operation: name, message: text)) }
        defer { rd_kafka_AclBinding_destroy(filter) }
        let call = AdminCall(operation: RD_KAFKA_ADMIN_OP_DESCRIBEACLS, name: name, timeout: timeout)
        return self.request(call, client) { options, queue in
            rd_kafka_DescribeAcls(client, filter, options, queue)
        } read: { event in
            var count = 0
            let rules = rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event), &count)
            return .success(UnsafeBufferPointer(start: rules, count: count).compactMap { $0.map(Self.rule) })
        }
    }

    private static func rule(_ binding: OpaquePointer) -> AccessRule {
        let operation: AccessRule.Operation =
            switch rd_kafka_AclBinding_operation(binding) {
            case RD_KAFKA_ACL_OPERATION_READ: .read
            case RD_KAFKA_ACL_OPERATION_WRITE: .write
            case RD_KAFKA_ACL_OPERATION_ALL: .all
            default: .other
            }
        return AccessRule(
            principal: rd_kafka_AclBinding_principal(binding).map { String(cString: $0) } ?? "",
            operation: operation,
            isAllowed: rd_kafka_AclBinding_permission_type(binding) == RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW,
            host: rd_kafka_AclBinding_host(binding).map { String(cString: $0) } ?? "*"
        )
    }
}
