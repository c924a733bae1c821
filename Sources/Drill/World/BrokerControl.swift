// SPDX-License-Identifier: Apache-2.0

import Glibc
import Processes
import Values

/// Kills brokers and starts them again, by the command that the drill was given.
actor BrokerControl {
    private let command: String?
    private let report: @Sendable (String) -> Void
    /// What was done, and when.
    private(set) var history: [InjectedFault] = []
    /// The last restart that was begun; they come one after the other, so that a majority is always there.
    private var isBusy = false

    init(_ settings: DrillSettings, report: @escaping @Sendable (String) -> Void) {
        self.command = settings.brokerControl
        self.report = report
    }

    /// Kills a broker, and starts it again after a while; left out while another one is down.
    ///
    /// - Throws: `DrillFailure` if the command fails.
    func restart(_ node: Int, after length: Duration) async throws {
        guard let command = self.command else { throw DrillFailure("no command for brokers is given") }
        guard !self.isBusy else { return self.report("broker \(node) is left alone: another one is down") }
        self.isBusy = true
        defer { self.isBusy = false }
        let from = Timestamp.now()
        self.report("kill broker \(node) for \(length.tenths) s")
        guard try await BrokerControl.run(command, "kill", node) else {
            throw DrillFailure("the command for brokers can't kill broker \(node): \(command)")
        }
        // Started again even when the drill is being given up.
        do { try await Task.sleep(for: length) } catch { self.report("giving up, starting broker \(node) again") }
        // On a busy machine a killed process takes a moment to be gone, and a command may not see that it is going.
        for attempt in 1... {
            if try await BrokerControl.run(command, "boot", node) { break }
            guard attempt < 10 else {
                throw DrillFailure("the command for brokers can't start broker \(node) again: \(command)")
            }
            try await Task.sleep(for: .seconds(1))
        }
        self.history.append(
            InjectedFault(kind: .broker, worker: "broker \(node)", from: from, until: Timestamp.now())
        )
        self.report("broker \(node) is back")
    }

    /// Runs the command.
    ///
    /// - Returns: Whether it says that it went well.
    private static func run(_ command: String, _ action: String, _ node: Int) async throws -> Bool {
        let line = command.replacing("{action}", with: action).replacing("{node}", with: "\(node)")
        let child = try ChildProcess(
            "/bin/sh",
            ["-c", line],
            environment: ["PATH": Self.path],
            output: .file("/dev/null")
        )
        let end = await child.wait(until: .now + .seconds(90))
        if end == nil { child.signal(SIGKILL) }
        return end == .exited(0)
    }

    private static var path: String { getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin" }
}
