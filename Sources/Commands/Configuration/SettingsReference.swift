// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Settings

/// The settings as a section of the reference.
enum SettingsReference {
    /// Each setting with its variable, what it must be, its default and what it does.
    static let table = ReferenceTable(
        title: "Settings",
        introduction: """
            Given by `--set KEY=VALUE`, else by the variable, else by the configuration file. Every property of librdkafka \
            is a setting, too: `kafka.` and its name, such as `kafka.bootstrap.servers`, or `SLIPWAY_KAFKA_` and its name in \
            capitals, such as `SLIPWAY_KAFKA_BOOTSTRAP_SERVERS`.
            """,
        columns: ["key", "variable", "value", "default", ""],
        rows: SettingKey.all.map { key in
            [
                "`\(key.path)`",
                "`\(key.environmentName)`",
                [key.type.name, key.type.rangeText].filter { !$0.isEmpty }.joined(separator: ", "),
                key.defaultText.map { "`\($0)`" } ?? "-",
                key.summary,
            ]
        }
    )
}
