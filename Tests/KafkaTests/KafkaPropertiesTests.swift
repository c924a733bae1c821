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
