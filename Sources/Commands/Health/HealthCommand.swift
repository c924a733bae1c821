// SPDX-License-Identifier: Apache-2.0

import CommandTable
import HTTPClient
import HTTPServer
import HTTPValues
import JSON
import Operations
import Values

/// `slipway health`: whether the worker beside it lives, for a container's health check.
enum HealthCommand {
    private static let timeout = Duration.seconds(2)

    /// Declares the command.
    static func command(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            "health",
            summary: "Ask the worker on this machine whether it lives",
            discussion: """
                Asks /livez at operations.address, as the same configuration names it for 'slipway run', and ends with 0 or 1 and \
                one line. An outage of Kafka or of the workbench is no reason to start a worker again: --ready, which tells \
                of it, is for people and for load balancers.
                """,
            options: [Option("ready", .flag(), help: "Ask whether it can work, and name what is in the way.")]
                + ConfigurationOptions.all,
            examples: [
                Command.Example("As a container's health check does:", "slipway health"),
                Command.Example("What is it waiting for:", "slipway health --ready"),
            ],
            exitStatuses: [.configuration],
            body: { invocation, output in
                try await Self.run(try load(invocation, output), isAboutReadiness: invocation.flag("ready"), output)
            }
        )
    }

    private static func run(
        _ configuration: Configuration,
        isAboutReadiness: Bool,
        _ output: Output
    ) async throws -> ExitStatus {
        let address: ListenAddress
        do throws(ListenAddress.Invalid) {
            address = try ListenAddress(configuration.operationsAddress)
        } catch {
            throw ConfigurationProblem("operations.address: \(error)")
        }
        let url = BoundAddress(host: address.host, port: address.port).url + (isAboutReadiness ? "/readyz" : "/livez")
        switch await HealthProbe.ask(url, timeout: Self.timeout) {
        case .failure(let failure):
            output.writeErrorLine(
                "slipway health: \(failure.message); is the worker running, with operations.address \(address)?"
            )
            return .failure
        case .success(let answer) where answer.status == 200:
            try output.writeLine("\(isAboutReadiness ? "ready" : "alive"): \(url)")
            return .success
        case .success(let answer):
            output.writeErrorLine("slipway health: \(url) answers \(answer.status)\(self.causes(in: answer))")
            return .failure
        }
    }

    /// What the readiness report names; empty for anything else.
    private static func causes(in answer: HTTPResponse) -> String {
        guard let report = try? JSONValue(parsing: answer.body), let conditions = report["conditions"]?.elements else {
            return ""
        }
        let causes = conditions.compactMap { condition -> String? in
            guard let name = condition["name"]?.text, let cause = condition["cause"]?.text else { return nil }
            return "\(name): \(cause)"
        }
        return causes.isEmpty ? "" : ": " + causes.joined(separator: "; ").harmlessOnTerminals
    }
}
