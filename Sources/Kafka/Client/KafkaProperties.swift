// SPDX-License-Identifier: Apache-2.0

import CRdkafka

/// librdkafka properties as the user gave them: checked, in order, secrets masked.
package struct KafkaProperties: Hashable, Sendable, CustomStringConvertible {
    /// One property: its name and value.
    package struct Property: Hashable, Sendable {
        /// librdkafka's name of it.
        package let name: String
        /// The value in librdkafka's notation.
        package let value: String

        /// Creates a property; nothing is checked yet.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        /// Whether the value must never be shown.
        package var isSecret: Bool { KafkaProperties.isSecret(self.name) }

        /// Whether setting it loads code into this process or runs a command, some of them as soon as it is checked.
        package var runsCode: Bool { KafkaProperties.codeRunning.contains(self.name) }

        /// Whether a shell would act on what it is given with this property.
        fileprivate var hasShellCharacters: Bool {
            KafkaProperties.shellWords.contains(self.name)
                && !self.value.unicodeScalars.allSatisfy {
                    $0.isASCII
                        && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                            || "._-/@:%{}".unicodeScalars.contains($0))
                }
        }
    }

    /// What Slipway sets itself because its guarantees rest on it; refused from users by name.
    package static let reserved = [
        "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset", "isolation.level",
        "partition.assignment.strategy", "transactional.id", "enable.idempotence", "check.crcs",
    ]

    /// What loads code or runs commands.
    private static let codeRunning: Set<String> = [
        "plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location", "ssl.providers",
    ]

    /// What librdkafka puts into `sasl.kerberos.kinit.cmd`, which a shell runs.
    private static let shellWords: Set<String> = [
        "sasl.kerberos.principal", "sasl.kerberos.keytab", "sasl.kerberos.service.name",
    ]

    /// The properties in the order given; includes secrets, so for librdkafka only.
    let properties: [Property]

    /// Checks properties.
    ///
    /// - Parameter properties: In the user's order; a later one of the same name wins, as in librdkafka.
    /// - Throws: `KafkaPropertyError` for the first that is reserved, unknown or has a wrong value.
    package init(_ properties: [Property]) throws(KafkaPropertyError) {
        let configuration = ClientConfiguration()
        for property in properties {
            guard !Self.reserved.contains(property.name) else {
                throw KafkaPropertyError(name: property.name, problem: .reserved)
            }
            guard !property.hasShellCharacters else {
                throw KafkaPropertyError(name: property.name, problem: .shellCharacters)
            }
            try configuration.set(property)
        }
        let protocolName = configuration.value(of: "security.protocol")
        for property in properties { try BootstrapServers.check(property, protocolName) }
        self.properties = properties
    }

    /// Names only the brokers to start from.
    ///
    /// - Parameter bootstrapServers: "host:port", comma-separated.
    /// - Throws: `KafkaPropertyError` when librdkafka does not take it.
    package init(bootstrapServers: String) throws(KafkaPropertyError) {
        try self.init([Property("bootstrap.servers", bootstrapServers)])
    }

    /// Returns the value in force for a property: the user's, or else librdkafka's default.
    ///
    /// - Returns: `nil` for an unknown name, a property without a value, and every secret.
    package func effectiveValue(of name: String) -> String? {
        guard !Self.isSecret(name) else { return nil }
        let configuration = ClientConfiguration()
        for property in self.properties {
            do throws(KafkaPropertyError) {
                try configuration.set(property)
            } catch {
                preconditionFailure("a checked property was refused: \(error)")
            }
        }
        return configuration.value(of: name)
    }

    /// Returns the user's own value of a property that is no secret, or `nil`.
    package subscript(name: String) -> String? {
        self.properties.last { $0.name == name && !$0.isSecret }?.value
    }

    /// The properties to be shown: a secret's value is replaced.
    package var masked: [Property] {
        self.properties.map { $0.isSecret ? Property($0.name, "<hidden>") : $0 }
    }

    package var description: String { self.masked.map { "\($0.name)=\($0.value)" }.joined(separator: ", ") }

    /// What the linked librdkafka can't serve although it takes the setting; `nil` when there is nothing to say.
    ///
    /// Before 2.6.1 it repeats the client's nonce in SCRAM (confluentinc/librdkafka#4895), which current brokers
    /// answer with "invalid credentials".
    package var limitation: String? {
        let mechanism = self["sasl.mechanisms"] ?? self["sasl.mechanism"] ?? ""
        guard mechanism.uppercased().hasPrefix("SCRAM"), rd_kafka_version() < 0x0206_01ff else { return nil }
        return """
            \(mechanism) does not work with librdkafka \(Self.librdkafkaVersion) on brokers that check the client's nonce \
            (Kafka 4 and the fixed 3.x): use librdkafka 2.6.1 or newer, or SASL PLAIN over TLS, or client certificates
            """
    }

    /// The version of the linked librdkafka, such as "2.0.2".
    package static var librdkafkaVersion: String { String(cString: rd_kafka_version_str()) }

    static func isSecret(_ name: String) -> Bool {
        let marks = ["password", "passphrase", "secret", "key.pem", "private.key", "oauthbearer.config"]
        return marks.contains { name.lowercased().contains($0) }
    }

    /// Returns `text` with every secret value cut out.
    ///
    /// Where a text quotes a part of a secret after naming its property, everything after the name goes.
    func redacted(_ text: String) -> String {
        var text = text
        for property in self.properties where property.isSecret {
            if let name = text.firstRange(of: property.name) {
                text = text[..<name.upperBound] + " <hidden>"
            }
            while !property.value.isEmpty, let value = text.firstRange(of: property.value) {
                text.replaceSubrange(value, with: "<hidden>")
                guard !"<hidden>".contains(property.value) else { break }
            }
        }
        return text
    }
}
