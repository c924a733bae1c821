// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Kafka

/// What librdkafka's words say of refused credentials, certificates and rights; each line was seen.
struct RefusalTests {
    static func error(_ name: String, _ message: String, operation: String = "list topics") throws -> KafkaError {
        try #require(KafkaError(named: name, operation: operation)).saying(message)
    }

    @Test(arguments: [
        "ssl://b:9093/bootstrap: Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert 42",
        "ssl://b:9093/bootstrap: Receive failed: error:0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert 46",
    ])
    func anAlertAboutOurCertificateIsARefusal(message: String) throws {
        let error = try Self.error("_TRANSPORT", message)
        #expect(error.isAuthentication)
        #expect(error.advising().message.contains("kafka.ssl.certificate.location"))
        #expect(error.advising().advising() == error.advising(), "said once")
    }

    @Test func aBrokersCertificateThatCannotBeVerifiedIsARefusal() throws {
        let message = "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed (after 4ms)"
        let error = try Self.error("_SSL", message)
        #expect(error.isAuthentication)
        #expect(error.advising().message.contains("kafka.ssl.ca.location"))
    }

    @Test(arguments: [
        "Disconnected while requesting ApiVersion", "Connect to ipv4#127.0.0.1:1 failed: Connection refused",
    ])
    func aLostConnectionIsNone(message: String) throws {
        let error = try Self.error("_TRANSPORT", message)
        #expect(!error.isAuthentication && error.isTransport)
        #expect(error.advising() == error)
    }

    @Test(arguments: [
        ("GROUP_AUTHORIZATION_FAILED", "Read on the group"), ("CLUSTER_AUTHORIZATION_FAILED", "Write on the topic"),
        ("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "kafka.transactional.id.prefix"),
        ("_AUTHENTICATION", "kafka.sasl.password"),
        ("UNSUPPORTED_SASL_MECHANISM", "kafka.sasl.mechanism"),
    ])
    func whatIsMissingIsNamed(code: String, word: String) throws {
        #expect(try Self.error(code, "no").advising().message.contains(word))
    }

    @Test func theTopicThatATransactionMayNotWriteToIsReadFromTheLog() {
        let line =
            #"[thrd:main]: TxnCoordinator/1: Failed to add partition "a.dead" [0] to transaction: Broker: Topic authorization failed"#
        #expect(DeniedTopicLine.parse(line) == "a.dead")
        let other =
            #"TxnCoordinator/1: Failed to add partition "a.events" [2] to transaction: Broker: Operation not attempted"#
        #expect(DeniedTopicLine.parse(other) == nil)
    }
}
