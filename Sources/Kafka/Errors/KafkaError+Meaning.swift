// SPDX-License-Identifier: Apache-2.0

import CRdkafka

extension KafkaError {
    /// Creates an error by librdkafka's name of its code, as a fake of a client does.
    ///
    /// - Parameters:
    ///   - name: Such as "ILLEGAL_GENERATION"; `nil` comes back when librdkafka has no such code.
    ///   - operation: What was being done.
    ///   - isFatal: Whether the client is unusable from now on.
    ///   - isRetriable: Whether the same call may be made again.
    ///   - requiresAbort: Whether the transaction must be aborted.
    package init?(
        named name: String,
        operation: String,
        isFatal: Bool = false,
        isRetriable: Bool = false,
        requiresAbort: Bool = false
    ) {
        guard let code = Self.code(named: name) else { return nil }
        self.init(
            operation: operation,
            code: name,
            number: code.rawValue,
            message: String(cString: rd_kafka_err2str(code)),
            isFatal: isFatal,
            isRetriable: isRetriable,
            requiresAbort: requiresAbort
        )
    }

    /// Whether the group no longer counts the caller as a member of that generation: abort, and wait for the rebalance.
    package var isMembershipLost: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
            RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID
        )
    }

    /// Whether a right is missing.
    package var isAuthorization: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_AUTHORIZATION_FAILED
        )
    }

    /// Whether the brokers did not accept who we are, or we not who they are: only a person can mend that.
    package var isAuthentication: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR__AUTHENTICATION,
            RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM,
            RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE
        ) || CertificateRefusal(self) != nil
    }

    /// Whether a record is larger than the client, the topic or the broker takes.
    package var isTooLarge: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
            RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
            RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE
        )
    }

    /// Whether a record is one that the topic never takes, such as without a key where the topic is compacted.
    package var isInvalidRecord: Bool { self.isOne(of: RD_KAFKA_RESP_ERR_INVALID_RECORD) }

    /// Whether a record's time is outside the topic's bounds.
    package var isInvalidTime: Bool { self.isOne(of: RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP) }

    /// Whether another producer took over the `transactional.id`, or the coordinator gave ours up.
    package var isFenced: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR__FENCED,
            RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
            RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH
        )
    }

    /// Whether the topic or partition does not exist, as far as the brokers say.
    package var isUnknownTopic: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
            RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION
        )
    }

    /// Whether a topic of that name exists already.
    package var isTopicExists: Bool { self.isOne(of: RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) }

    /// Whether the time given for the call was up.
    package var isTimeout: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR__TIMED_OUT,
            RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
            RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT
        )
    }

    /// Whether librdkafka can't make a client of the properties, such as a key file that can't be read.
    package var isClientImpossible: Bool { self.operation == Self.createClient && !self.isClosed }

    /// Whether a record was given up because of something else than itself.
    var isPurged: Bool { self.isOne(of: RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) }

    /// Whether our own client was closed.
    package var isClosed: Bool { self.isOne(of: RD_KAFKA_RESP_ERR__DESTROY) }

    /// Whether the calling task was cancelled.
    package var isInterrupted: Bool { self.isOne(of: RD_KAFKA_RESP_ERR__INTR) }

    /// Whether it says only that no broker is connected; why, is told of each of them.
    package var isAllBrokersDown: Bool { self.isOne(of: RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) }

    /// Whether the connection itself failed.
    package var isTransport: Bool {
        self.isOne(
            of: RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__RESOLVE,
            RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION
        )
    }

    /// Whether the brokers can't serve just now; nothing is wrong with what was asked, so wait and ask again.
    package var isOutage: Bool {
        self.isTransport || self.isTimeout
            || self.isOne(
                of: RD_KAFKA_RESP_ERR__WAIT_COORD,
                RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
                RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
                RD_KAFKA_RESP_ERR_NOT_CONTROLLER
            )
    }

    func isOne(of codes: rd_kafka_resp_err_t...) -> Bool { codes.contains { $0.rawValue == self.number } }
}
