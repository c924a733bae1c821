// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import HTTPServer

/// `slipway-sandbox serve`: runs a sandbox until it is told to stop.
package struct ServeCommand: Sendable {
    /// Why the command line can't be used.
    package struct UsageError: Error, Equatable, CustomStringConvertible {
        /// One line for the user.
        package let description: String
    }

    /// What `serve --help` prints.
    package static let help = """
        usage: slipway-sandbox serve [options]

        Simulates a Cloudera AI workbench's API v2. Prints one line of JSON with its URL and key when it is ready;
        SIGTERM or SIGINT ends it.

          --address HOST:PORT   where to listen; port 0 takes any free one (default 127.0.0.1:0)
          --api-key KEY         the key that it accepts (default: a random one;
                                environment SLIPWAY_SANDBOX_API_KEY)
          --clock PRESET        instant, quick or real: how long building and deploying take (default instant)
          --audit-file FILE     append every mutating call to FILE as it happens
          --seed N              decides identifiers and durations (default: random)

        Below the URL, all with the key as bearer:
          /api/v2               the API; /api/v2/swagger.json lists its operations and needs no key
          /modelservice/model   POST {"accessKey": ..., "request": ...}: calls a deployed model
          /sandbox/audit        GET: every mutating call, one line of JSON each
          /sandbox/state        GET: counts and objects (?kind=models, ?kind=none); DELETE: empty it, audit included
          /sandbox/faults       PUT [{"match": {"method": "POST", "path": "/api/v2/**"}, "fault": "latency",
                                "delay": "200ms", "probability": 0.1}]: what goes wrong; GET, DELETE;
                                an unknown fault or key is answered with those that there are
          /sandbox/clock        PUT {"preset": "quick", "building": ["1s", "3s"]}: how long registering, building,
                                deploying and stopping take for what is made from then on; GET

        A run tagged sandbox.fail=WORD fails on its way: version, build, build-timeout, deployment or prediction.
        So does a build with sandbox.fail=WORD in its comment, and a deployment with SANDBOX_FAIL=WORD in its
        environment. A run has an artifact once it is logged (model_json of :logbatch, the tag
        mlflow.log-model.history, or data.files of an update); without one its version ends UPLOAD_FAILED.

        """

    private let settings: SandboxServer.Settings

    /// Reads the options.
    ///
    /// - Parameters:
    ///   - arguments: What follows `serve`.
    ///   - environment: The value of an environment variable.
    /// - Throws: `UsageError` for an unknown option or a value that does not fit.
    package init(
        _ arguments: [String],
        environment: (String) -> String? = environmentValue
    ) throws(UsageError) {
        let key = environment("SLIPWAY_SANDBOX_API_KEY") ?? ServeCommand.randomKey()
        var settings = SandboxServer.Settings(apiKey: key, seed: .random(in: 0...UInt64(Int64.max)))
        var rest = arguments[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { throw UsageError(description: "\(option) needs a value") }
            try ServeCommand.set(option, value, in: &settings)
        }
        guard !settings.apiKey.isEmpty else { throw UsageError(description: "--api-key: must not be empty") }
        self.settings = settings
    }

    private static func set(
        _ option: String,
        _ value: String,
        in settings: inout SandboxServer.Settings
    ) throws(UsageError) {
        switch option {
        case "--address":
            guard let colon = value.lastIndex(of: ":"), let port = UInt16(value[value.index(after: colon)...]) else {
                throw UsageError(description: "--address: '\(value)' is not HOST:PORT")
            }
            settings.host = String(value[..<colon])
            settings.port = port
        case "--api-key": settings.apiKey = value
        case "--clock":
            guard let preset = LifeCycleClock.presets.first(where: { $0.name == value }) else {
                let names = LifeCycleClock.presets.map(\.name).joined(separator: ", ")
                throw UsageError(description: "--clock: '\(value)' is unknown; allowed: \(names)")
            }
            settings.clock = preset.clock
        case "--audit-file": settings.auditFile = value
        case "--seed":
            guard let seed = UInt64(value) else {
                throw UsageError(description: "--seed: '\(value)' is not a whole number")
            }
            settings.seed = seed
        default: throw UsageError(description: "unknown option '\(option)'; see slipway-sandbox serve --help")
        }
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Throws: `AuditFileFailure` or `HTTPServerError` if it can't start.
    package func run() async throws {
        let stopSignal = StopSignal()
        let server = try SandboxServer(settings: self.settings)
        let address = try server.start()
        announce(address.url, key: self.settings.apiKey)
        await stopSignal.wait()
        await server.stop()
    }

    private static func randomKey() -> String {
        (0..<32).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }.joined()
    }
}

/// The value of an environment variable; `nil` if it is not set.
package func environmentValue(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// Prints the line by which whoever started the sandbox finds it.
private func announce(_ url: String, key: String) {
    let line = JSONWriter.object { writer in
        writer.string("url", url)
        writer.string("apiKey", key)
    }
    print(String(decoding: line, as: UTF8.self))
    // Standard output is a pipe as a rule, and then fully buffered.
    fflush(nil)
}

/// Waits for SIGTERM or SIGINT.
private final class StopSignal {
    private let signals: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(1))
        self.signals = signals
        self.sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
    }

    func wait() async {
        for await _ in self.signals { return }
    }
}
