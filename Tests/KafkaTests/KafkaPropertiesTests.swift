// SPDX-License-Identifier: Apache-2.0

import Kafka
import Testing

@Suite("Properties of librdkafka")
struct KafkaPropertiesTests {
    @Test(arguments: KafkaProperties.reserved)
    func reservedOnesAreRefusedByName(name: String) {
        #expect(throws: KafkaPropertyError(name: name, problem: .reserved)) {
            try KafkaProperties([.init(name, "true")])
        }
    }

    @Test func anUnknownOneIsNamed() throws {
        let error = try #require(throws: KafkaPropertyError.self) { try KafkaProperties([.init("no.such", "1")]) }
        guard case .unknown = error.problem else {
            Issue.record("got \(error)")
            return
        }
        #expect(error.description.contains("no.such"))
    }

    @Test func aWrongValueIsNamedInLibrdkafkasWords() throws {
        let error = try #require(throws: KafkaPropertyError.self) {
            try KafkaProperties([.init("session.timeout.ms", "soon")])
        }
        guard case .invalid(let message) = error.problem else {
            Issue.record("got \(error)")
            return
        }
        #expect(message.contains("session.timeout.ms"))
    }

    /// librdkafka takes them all, and then knows no broker.
    @Test(arguments: [
        ("http://127.0.0.1:9092", "without 'http://'"), ("a:9092,b:99999", "'99999' is no port"),
        ("a:", "'' is no port"), ("a:9092/x", "without a path"), (":9092", "the host is missing"),
        (" , ", "names no broker"), ("", "names no broker"), ("a:9092;b:9092", "separated by commas"),
        ("a:9092 b:9092", "separated by commas"), ("SSL://a:9093", "does not agree with security.protocol"),
    ])
    func addressesThatNameNoBrokerAreRefused(value: String, words: String) throws {
        let error = try #require(throws: KafkaPropertyError.self) { try KafkaProperties(bootstrapServers: value) }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test(arguments: [
        "a:9092", "a", "a:1, b:2,", "a:1 , b:2 ", "a:9092\n", "PLAINTEXT://a:9093", "[::1]:9092", "::1", "[::1]",
    ])
    func addressesThatLibrdkafkaTakesAreTaken(value: String) throws { _ = try KafkaProperties(bootstrapServers: value) }

    @Test(arguments: ["sasl.password", "ssl.key.pem", "ssl.key.password", "sasl.oauthbearer.config"])
    func secretsNeverShow(name: String) throws {
        let properties = try KafkaProperties([.init("client.id", "a"), .init(name, "hush-hush")])
        #expect(!properties.description.contains("hush-hush"))
        #expect(properties.masked == [.init("client.id", "a"), .init(name, "<hidden>")])
        #expect(properties[name] == nil)
        #expect(properties.effectiveValue(of: name) == nil)
    }

    @Test func aClientThatCannotBeMadeKeepsTheSecret() throws {
        let properties = try KafkaProperties([
            .init("bootstrap.servers", "127.0.0.1:1"), .init("security.protocol", "SSL"),
            .init("ssl.key.pem", "hush-hush"),
        ])
        let error = try #require(throws: KafkaError.self) { try Producer(properties: properties) }
        #expect(!"\(error)".contains("hush-hush"))
    }

    @Test func theValueInForceIsTheUsersOrTheDefault() throws {
        let properties = try KafkaProperties([.init("session.timeout.ms", "20000")])
        #expect(properties.effectiveValue(of: "session.timeout.ms") == "20000")
        #expect(properties.effectiveValue(of: "max.poll.interval.ms") == "300000")
    }

    @Test func scramBeforeItsFixIsCalledByItsName() throws {
        let properties = try KafkaProperties([.init("sasl.mechanism", "SCRAM-SHA-256")])
        let numbers = KafkaProperties.librdkafkaVersion.split(separator: ".").prefix(3).compactMap { Int($0) }
        let isFixed = !numbers.lexicographicallyPrecedes([2, 6, 1])
        #expect((properties.limitation == nil) == isFixed)
        #expect(try KafkaProperties([.init("sasl.mechanism", "PLAIN")]).limitation == nil)
    }
}
