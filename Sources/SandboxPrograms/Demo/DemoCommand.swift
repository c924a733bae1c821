// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Processes

/// Declares `slipway-sandbox demo`.
enum DemoCommand {
    static let command: Command = Command(
        "demo",
        summary: "Host all that a worker needs: a mock Kafka and a simulated workbench",
        discussion: """
            Prints one line of JSON with the addresses and the key when both are ready; SIGTERM or SIGINT ends it. \
            'make demo' shows it together with a worker.

            The Kafka is librdkafka's mock cluster, on this machine only: it keeps the last 5 MB of a partition, forgets \
            offsets that were committed in transactions, and answers no question about topic settings. Good for a demo, \
            no place for anything that must not be lost.
            """,
        options: SandboxOptions.options(clock: "quick") + [
            Option(
                "partitions",
                .value("N", .integer(1...100)),
                help: "Partitions of inbox and journal.",
                defaultValue: "6"
            ),
            Option(
                "event-partitions",
                .value("N", .integer(1...100)),
                help: "Partitions of every other topic.",
                defaultValue: "4"
            ),
        ],
        examples: [
            Command.Example(
                "With the recorded runs of a clone of this project:",
                "slipway-sandbox demo --runs Examples/recorded/runs.json"
            )
        ],
        body: { invocation, output in
            let settings = try SandboxOptions.settings(invocation)
            var counts = DemoHost.PartitionCounts()
            counts.owning = invocation.integer("partitions") ?? counts.owning
            counts.others = invocation.integer("event-partitions") ?? counts.others
            let shutdown = ShutdownSignal()
            let host = try await DemoHost(sandbox: settings, partitionCounts: counts)
            do {
                try output.writeLine(host.announcement)
            } catch {
                await host.stop()
                throw error
            }
            await shutdown.wait()
            await host.stop()
            return .success
        }
    )
}
