// SPDX-License-Identifier: Apache-2.0

/// One setting of a topic as the brokers describe it.
package struct TopicSetting: Hashable, Sendable {
    /// The setting's name, such as `retention.ms`.
    package let name: String
    /// The value in force; `nil` when the brokers don't show it.
    package let value: String?
    /// Whether it was set for this topic, rather than inherited.
    package let isOwn: Bool
    /// Whether the brokers call it a secret.
    package let isSensitive: Bool
    /// Whether it can't be changed.
    package let isReadOnly: Bool
}
