// SPDX-License-Identifier: Apache-2.0

/// A librdkafka property that can't be taken, and why; never its value when that is a secret.
package struct KafkaPropertyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why a property is refused.
    package enum Problem: Hashable, Sendable {
        /// Slipway sets it itself.
        case reserved
        /// librdkafka has no such property; its own words.
        case unknown(String)
        /// librdkafka puts the value into a shell's command, and it has characters that a shell acts on.
        case shellCharacters
        /// librdkafka does not take the value; its own words.
        case invalid(String)
    }

    /// The property's name.
    package let name: String
    /// Why it is refused.
    package let problem: Problem

    /// Creates an error.
    package init(name: String, problem: Problem) {
        self.name = name
        self.problem = problem
    }

    package var description: String {
        switch self.problem {
        case .reserved: "\(self.name) is reserved: Slipway's guarantees rest on its own setting"
        case .unknown(let message):
            "\(self.name) is unknown to librdkafka \(KafkaProperties.librdkafkaVersion): \(message)"
        case .shellCharacters: "\(self.name) is put into a shell's command and has characters that a shell acts on"
        case .invalid(let message): "\(self.name) has a wrong value: \(message)"
        }
    }
}
