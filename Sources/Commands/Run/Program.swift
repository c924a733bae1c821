// SPDX-License-Identifier: Apache-2.0

package import CommandTable
import HTTPClient
import HTTPServer
import Kafka
import Settings
package import Worker

/// Reads the settings of one invocation.
///
/// Throws for settings that are wrong; the command then ends without having done anything.
typealias ConfigurationLoader = @Sendable (Invocation, Output) throws -> Configuration

/// The program `slipway`.
package enum Program {
    /// Its commands.
    ///
    /// - Parameter adjust: Changes what the worker goes by after everything was read; for test programs, which stop a
    ///   worker at chosen places. `slipway` itself gives none.
    /// - Returns: The table.
    package static func table(
        adjusting adjust: @escaping @Sendable (inout WorkerSettings) throws -> Void = { _ in }
    ) -> CommandTable {
        let load: ConfigurationLoader = { try ConfigurationOptions.load($0, $1) }
        let kafka: KafkaAccess.Loader = { try load($0, $1).kafkaAccess }
        return CommandTable(
            name: "slipway",
            summary: "Deploys finished experiment runs to a Cloudera AI workbench, by events on Kafka",
            discussion: """
                Training jobs publish "experiment run finished" events; 'slipway run' registers, builds, deploys and verifies \
                their models and publishes every step to a status topic.
                """,
            version: {
                """
                slipway \(Version.current)
                librdkafka \(KafkaProperties.librdkafkaVersion)
                libcurl \(HTTPClient.libraryVersion)
                libevent \(HTTPServer.libraryVersion)
                libyaml \(YAMLReader.libraryVersion)
                """
            },
            examples: [
                Command.Example("Make the topics, then run a worker:", "slipway topics ensure && slipway run"),
                Command.Example("See what is deploying:", "slipway watch"),
            ],
            commands: [
                RunCommand.command(load, adjust),
                HealthCommand.command(load),
                EmitCommand.command(kafka),
                WatchCommand.command(kafka),
                ReplayCommand.command(kafka),
                TopicsCommand.command(load),
                GroupCommand.command(load),
                JournalCommand.command(load),
                APICommand.command(load),
                ConfigCommand.command(),
            ],
            tables: [SettingsReference.table]
        )
    }
}
