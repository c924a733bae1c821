// SPDX-License-Identifier: Apache-2.0

import CommandTable

/// Declares `slipway-sandbox tally`.
enum TallyCommand {
    static let command: Command = Command(
        "tally",
        summary: "Check what became of recorded events, and that nothing was made twice",
        discussion: """
            Waits until every event has its outcome, and compares each with the one that is expected. Outcomes are read \
            from the status topic (committed records only) and the dead-letter topic, repeated events from the workers' \
            metrics, and what was made from the sandbox's audit: nothing may be made twice.

            Prints a line for each event, then what is wrong, and as its last line one object of JSON with the counts. \
            "seconds" is the time from the first event to the last outcome.

            Counts from the beginning of the topics, so they must hold nothing else. --expect names a file with one \
            object of JSON a line; Examples/recorded/README.md describes it.
            """,
        options: [
            Option(
                "expect",
                .value("FILE", .file),
                help: "The events with their expected outcomes.",
                isRequired: true
            ),
            Option(
                "bootstrap-servers",
                .value("HOST:PORT,..."),
                help: "Kafka.",
                environment: "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS",
                isRequired: true
            ),
            Option(
                "url",
                .value("URL"),
                help: "The sandbox.",
                environment: "SLIPWAY_WORKBENCH_URL",
                isRequired: true
            ),
            Option(
                "api-key",
                .value("KEY"),
                help: "The sandbox's key.",
                environment: "SLIPWAY_WORKBENCH_API_KEY",
                isRequired: true
            ),
            Option(
                "operations",
                .value("HOST:PORT", .address),
                help: "The operations endpoint of each worker.",
                environment: "SLIPWAY_OPERATIONS_ADDRESS",
                isRepeatable: true,
                isRequired: true
            ),
            Option("timeout", .value("TIME", .duration), help: "The longest wait for outcomes.", defaultValue: "60s"),
        ],
        examples: [
            Command.Example(
                "What 'make demo ONCE=1' ends with, at its own addresses:",
                "slipway-sandbox tally --expect Examples/recorded/events.ndjson --bootstrap-servers 127.0.0.1:9092 "
                    + "--url http://127.0.0.1:8090 --api-key sandbox --operations 127.0.0.1:9464"
            )
        ],
        exitStatuses: [ExitStatus(code: 1, meaning: "an outcome is not the expected one, or something was made twice")],
        body: { invocation, output in
            let expected = try RecordedEvent.read(file: invocation.text("expect") ?? "")
            let sources = TallySources(
                bootstrapServers: invocation.text("bootstrap-servers") ?? "",
                url: invocation.text("url") ?? "",
                apiKey: invocation.text("api-key") ?? "",
                operations: invocation.texts("operations")
            )
            let tally = try await TallyCommand.tally(
                sources,
                expected,
                timeout: invocation.duration("timeout") ?? .zero
            )
            for line in tally.table { try output.writeLine(line) }
            for problem in tally.problems { output.writeErrorLine("slipway-sandbox tally: \(problem)") }
            try output.writeLine(tally.summary)
            return tally.problems.isEmpty ? .success : .failure
        }
    )

    private static func tally(
        _ sources: TallySources,
        _ expected: [RecordedEvent],
        timeout: Duration
    ) async throws -> Tally {
        let reader = try TallyReader(sources, expected: expected)
        do {
            let tally = try await reader.tally(timeout: timeout)
            await reader.close()
            return tally
        } catch {
            await reader.close()
            throw error
        }
    }
}
