// SPDX-License-Identifier: Apache-2.0

import CommandTable
import HTTPClient
import HTTPServer
import HTTPValues
import Notation

/// `slipway-sandbox health`: whether a sandbox answers, for a container's health check.
enum HealthCommand {
    /// Declares the command.
    static let command = Command(
        "health",
        summary: "Ask a sandbox on this machine whether it answers",
        options: [
            Option(
                "address",
                .value("HOST:PORT", .address),
                help: "Where it listens.",
                defaultValue: "127.0.0.1:8090"
            )
        ],
        examples: [Command.Example("As a container's health check does:", "slipway-sandbox health")],
        body: { invocation, output in
            let address = invocation.address("address")
            let root = BoundAddress(host: address?.host ?? "127.0.0.1", port: address?.port ?? 8090).url
            // It answers without a key, on the sandbox as on a workbench.
            let url = "\(root)/sense-bootstrap.json"
            switch await HealthProbe.ask(url, timeout: .seconds(2)) {
            case .success(let answer) where answer.status == 200:
                try output.writeLine("alive: \(url)")
                return .success
            case .success(let answer):
                output.writeErrorLine("slipway-sandbox health: \(url) answers \(answer.status)")
                return .failure
            case .failure(let failure):
                output.writeErrorLine(
                    "slipway-sandbox health: \(failure.message); is 'slipway-sandbox serve' running there?"
                )
                return .failure
            }
        }
    )
}
