// SPDX-License-Identifier: Apache-2.0

import CRdkafka

/// Which side of a TLS connection did not accept the other's certificate.
///
/// Told by the words: librdkafka gives an alert of the broker the code of any lost connection.
enum CertificateRefusal: Sendable, Equatable {
    /// We did not accept the broker's.
    case ofBroker
    /// The broker did not accept ours, or wants one and got none.
    case ofClient

    /// Returns `nil` for an error that is no such refusal.
    init?(_ error: KafkaError) {
        guard error.isOne(of: RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__AUTHENTICATION)
        else { return nil }
        if error.message.contains("certificate verify failed") {
            self = .ofBroker
        } else if Self.alerts.contains(where: { error.message.contains("alert \($0)") }) {
            self = .ofClient
        } else {
            return nil
        }
    }

    /// The alerts of RFC 5246 and 8446 that speak of the client's certificate, in OpenSSL's words.
    private static let alerts = [
        "bad certificate", "unsupported certificate", "certificate revoked", "certificate expired",
        "certificate unknown", "certificate required", "unknown ca",
    ]
}

extension KafkaError {
    /// Returns the error with what an operator has to change, where the words don't name it.
    func advising() -> KafkaError {
        // Some errors are explained on their way and once more at its end.
        guard let advice = self.advice, !self.message.hasSuffix(advice) else { return self }
        return self.saying("\(self.message); \(advice)")
    }

    private var advice: String? {
        switch CertificateRefusal(self) {
        case .ofBroker?:
            return "check kafka.ssl.ca.location, and that the address is one that the broker's certificate names"
        case .ofClient?:
            return "the brokers want a client certificate that they trust: check kafka.ssl.certificate.location and "
                + "kafka.ssl.key.location"
        case nil: break
        }
        if self.isOne(of: RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM)
            || (self.isAuthentication && self.message.contains("mechanism"))
        {
            return "check kafka.sasl.mechanism"
        }
        if self.isAuthentication { return "check kafka.sasl.username and kafka.sasl.password" }
        if self.isOne(of: RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
            return "the right Read on the group is missing (kafka.group.id)"
        }
        if self.isOne(of: RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) {
            return "the right Write on the topic is missing (before Kafka 3.0 also IdempotentWrite on the cluster)"
        }
        if self.isOne(of: RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
            return "the right Write on transactional ids that begin with kafka.transactional.id.prefix is missing"
        }
        if self.isOne(of: RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
            return
                "another worker has the same kafka.group.instance.id: give each worker of the group a name of its own"
        }
        if self.isClientImpossible, self.message.contains("ssl.key") {
            return "check that file and kafka.ssl.key.password"
        }
        return nil
    }
}
