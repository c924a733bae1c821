// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Files

/// The hostile form of `slipway-sandbox drill`.
enum HostileCommand {
    /// Holds the drill and prints its ledger.
    static func run(_ invocation: Invocation, _ output: Output) async throws -> ExitStatus {
        var settings = HostileSettings(drill: try DrillCommand.settings(invocation))
        settings.flood = invocation.integer("flood") ?? settings.flood
        settings.tenantProperties = try invocation.text("tenant-properties").map(Self.properties)
        let seed = settings.drill.seed
        let drill = try HostileDrill(settings) { output.writeErrorLine("drill \(seed): \($0)") }
        let began = ContinuousClock.now
        guard let ledger = try await DrillCommand.untilSignal({ try await drill.run() }) else { return .interrupted }
        let seconds = (ContinuousClock.now - began).tenths
        if invocation.flag("json") {
            try output.writeLine(ledger.json(seed: seed, seconds: seconds))
        } else {
            for line in ledger.table() { try output.writeLine(line) }
        }
        return ledger.isClean ? .success : .failure
    }

    /// Reads properties, one `name=value` a line; a password may stand among them, so no line is ever shown.
    private static func properties(_ path: String) throws -> [String: String] {
        let bytes: [UInt8]
        do {
            bytes = try FileReader.read(path, maximumBytes: 64 << 10)
        } catch {
            throw UsageError("option '--tenant-properties': \(error)")
        }
        var properties: [String: String] = [:]
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            guard let mark = line.firstIndex(of: "="), mark > line.startIndex else {
                throw UsageError(
                    "option '--tenant-properties': \(path), line \(number + 1) is no NAME=VALUE; there is one librdkafka "
                        + "property a line, as in security.protocol=SASL_SSL"
                )
            }
            properties[String(line[..<mark])] = String(line[line.index(after: mark)...])
        }
        guard properties["bootstrap.servers"] != nil else {
            throw UsageError(
                "option '--tenant-properties': \(path) has no bootstrap.servers, the tenant's way to the brokers"
            )
        }
        return properties
    }
}
