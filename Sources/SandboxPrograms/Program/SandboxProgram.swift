// SPDX-License-Identifier: Apache-2.0

package import CommandTable
import HTTPClient
import HTTPServer
import Kafka

/// The program `slipway-sandbox`.
package enum SandboxProgram {
    /// Its version, that of the package.
    static let version = "0.1.0"

    /// Its commands.
    ///
    /// - Parameter commands: Commands of other targets, which this one may not know.
    /// - Returns: The table.
    package static func table(adding commands: [Command] = []) -> CommandTable {
        CommandTable(
            name: "slipway-sandbox",
            summary: "Try and test Slipway without a workbench",
            discussion: """
                Everything here is simulated, in memory, and made to go wrong where a test wants it to. Never use a key of a \
                genuine workbench with it.
                """,
            version: {
                """
                slipway-sandbox \(SandboxProgram.version)
                librdkafka \(KafkaProperties.librdkafkaVersion)
                libcurl \(HTTPClient.libraryVersion)
                libevent \(HTTPServer.libraryVersion)
                """
            },
            commands: [
                ServeCommand.command, HealthCommand.command, DemoCommand.command, TallyCommand.command,
            ] + commands
        )
    }
}
