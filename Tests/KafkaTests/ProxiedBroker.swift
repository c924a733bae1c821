// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Kafka
import Processes
import TestSupport
import Testing
import Values

/// A genuine broker of the test's own, which clients reach through a proxy alone.
struct ProxiedBroker {
    /// The script that runs brokers (`KAFKA_SCRIPT`); `nil` where there is none.
    static var script: String? { getenv("KAFKA_SCRIPT").map { String(cString: $0) } }
    static let isAbsent: Comment = "KAFKA_SCRIPT names no script that runs brokers"

    let proxy: WireProxy
    let properties: KafkaProperties

    /// Runs `body` beside a broker, and ends the broker.
    static func with(_ body: (ProxiedBroker) async throws -> Void) async throws {
        let port = UInt16.random(in: 20_000..<32_000)
        let proxy = try WireProxy(to: port)
        var template = Array("/tmp/proxied-kafka-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let settings = "\(folder)/broker.properties"
        // What the broker tells clients, and itself, of where it is.
        let line = "advertised.listeners=PLAINTEXT://127.0.0.1:\(proxy.port)\n"
        try FileWriter.write(Array(line.utf8), to: settings)
        do {
            try await self.run("start", "--dir", folder, "--port", "\(port)", "--properties", settings)
            let properties = try KafkaProperties(bootstrapServers: "127.0.0.1:\(proxy.port)")
            try await body(ProxiedBroker(proxy: proxy, properties: properties))
        } catch {
            try await self.end(proxy, folder)
            throw error
        }
        try await self.end(proxy, folder)
    }

    private static func end(_ proxy: WireProxy, _ folder: String) async throws {
        proxy.close()
        try await self.run("stop", "--dir", folder)
        _ = try await Self.finish("/bin/rm", ["-r", folder], log: "/dev/null")
    }

    private static func run(_ arguments: String...) async throws {
        let folder = try #require(arguments.firstIndex(of: "--dir").map { arguments[$0 + 1] })
        let log = "\(folder)/script.log"
        let end = try await Self.finish(try #require(self.script), arguments, log: log)
        try #require(end == .exited(0), "\(arguments), see \(log)")
    }

    private static func finish(_ program: String, _ arguments: [String], log: String) async throws -> ChildProcess.End?
    {
        let path = String(cString: getenv("PATH"))
        let process = try ChildProcess(program, arguments, environment: ["PATH": path], output: .file(log))
        return await process.wait(until: .now + .seconds(120))
    }
}
