// SPDX-License-Identifier: Apache-2.0

import Glibc
import Machine
import Processes

@testable import Worker

/// Ends, freezes and brings back brokers, where `KAFKA_CONTROL` says how: a shell command with {action} (kill, boot, freeze,
/// thaw) and {node}, counted from 1.
enum BrokerControl {
    static var command: String? { self.variable("KAFKA_CONTROL") }

    /// Whether there are three brokers that may be killed.
    static var hasThree: Bool {
        self.command != nil && self.variable("KAFKA_BOOTSTRAP")?.split(separator: ",").count == 3
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    static func run(_ action: String, _ node: Int) async throws {
        let command = (self.command ?? "").replacing("{action}", with: action).replacing("{node}", with: "\(node)")
        try await self.shell(command)
        guard action == "kill" else { return }
        // It dies a moment later; whoever boots it before that finds it running, and nothing is booted.
        let address = self.variable("KAFKA_BOOTSTRAP")?.split(separator: ",")[node - 1].split(separator: ":") ?? []
        let connection = "/dev/tcp/\(address.joined(separator: "/"))"
        try await self.shell("while (exec 3<>\(connection)) 2>/dev/null; do sleep 0.05; done; sleep 0.5")
    }

    private static func shell(_ command: String) async throws {
        let process = try ChildProcess(
            "/bin/bash",
            ["-c", command],
            environment: ["PATH": self.variable("PATH") ?? "/usr/bin:/bin"]
        )
        let end = await process.wait(until: .now + .seconds(120))
        guard end == .exited(0) else { throw WorkerFailure(.kafka, "'\(command)' ended as \(String(describing: end))") }
    }
}
