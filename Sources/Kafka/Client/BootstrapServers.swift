// SPDX-License-Identifier: Apache-2.0

/// Checks the addresses that a client starts from.
///
/// librdkafka takes any text for them and drops what it can't parse, so that a client without brokers would look for them
/// for ever.
enum BootstrapServers {
    private static let names = ["bootstrap.servers", "metadata.broker.list"]
    private static let schemes = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]

    /// - Parameters:
    ///   - property: Any property.
    ///   - protocolName: The effective `security.protocol`, which a scheme before an address must agree with.
    /// - Throws: `KafkaPropertyError` that names the address, where the property holds addresses.
    static func check(
        _ property: KafkaProperties.Property,
        _ protocolName: String?
    ) throws(KafkaPropertyError) {
        guard self.names.contains(property.name) else { return }
        var count = 0
        for entry in property.value.split(separator: ",") {
            let address = self.trimmed(entry)
            guard !address.isEmpty else { continue }
            count += 1
            guard let problem = self.problem(of: address, protocolName) else { continue }
            throw KafkaPropertyError(name: property.name, problem: .invalid("'\(address)': \(problem)"))
        }
        guard count == 0 else { return }
        throw KafkaPropertyError(
            name: property.name,
            problem: .invalid("it names no broker; host:port, separated by commas")
        )
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func problem(of address: Substring, _ protocolName: String?) -> String? {
        guard !address.contains(where: { $0 == ";" || $0.isWhitespace }) else {
            return "addresses are separated by commas"
        }
        var rest = address
        if let mark = address.firstRange(of: "://") {
            let scheme = address[..<mark.lowerBound]
            guard self.schemes.contains(scheme.lowercased()) else {
                return
                    "brokers are named as host:port, without '\(scheme)://' (kafka.security.protocol says how they are spoken to)"
            }
            if let protocolName, scheme.lowercased() != protocolName.lowercased() {
                return
                    "'\(scheme)://' does not agree with security.protocol '\(protocolName)', and the address would be dropped"
            }
            rest = address[mark.upperBound...]
        }
        guard !rest.contains("/") else { return "brokers are named as host:port, without a path" }
        let (host, port) = self.parts(of: rest)
        guard !host.isEmpty else { return "the host is missing; brokers are named as host:port" }
        guard let port else { return nil }
        guard let number = Int(port), (1...65_535).contains(number) else {
            return "'\(port)' is no port; one from 1 to 65535"
        }
        return nil
    }

    /// Host and port; the port is `nil` where none is given, which then is 9092.
    private static func parts(of text: Substring) -> (host: Substring, port: Substring?) {
        if text.first == "[", let end = text.lastIndex(of: "]") {
            let rest = text[text.index(after: end)...]
            return (text[...end], rest.first == ":" ? rest.dropFirst() : nil)
        }
        // More than one colon is an address of IPv6 without a port.
        guard let colon = text.lastIndex(of: ":"), colon == text.firstIndex(of: ":") else { return (text, nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }
}
