// SPDX-License-Identifier: Apache-2.0

import Files
import HTTPClient
import HTTPValues
import JSON
import Processes
import Values

/// A simulated workbench as a process of its own, and the runs that it holds.
struct SimulatedWorkbench: Sendable {
    static let projectID = "benc-hben-chbe-nchb"
    static let experimentID = "expe-rime-ntex-peri"
    static let experimentName = "bench-runs"
    private static let apiKey = "bench-key-0123456789abcdef"

    /// Its URL.
    let url: String
    let apiKey = SimulatedWorkbench.apiKey
    /// How many runs it holds; event *n* is of run *n* modulo this.
    let runCount: Int
    private let process: ChildProcess

    /// Starts it.
    ///
    /// - Parameters:
    ///   - settings: Where the program is.
    ///   - folder: Where the runs are written for it.
    ///   - runCount: Runs that it holds.
    /// - Throws: `BenchFailure` if it doesn't start, or the file can't be written.
    init(_ settings: BenchSettings, folder: String, runCount: Int) async throws {
        let file = "\(folder)/runs-\(runCount).json"
        try FileWriter.write(Self.recorded(runCount), to: file)
        self.runCount = runCount
        self.process = try ChildProcess(
            "\(settings.programs)/slipway-sandbox",
            ["serve", "--clock", "instant", "--seed", "1", "--runs", file],
            environment: ["SLIPWAY_SANDBOX_API_KEY": Self.apiKey]
        )
        var lines = self.process.lines.makeAsyncIterator()
        guard let line = await lines.next(), let value = try? JSONValue(parsing: Array(line.text.utf8)),
            let url = value["url"]?.text
        else { throw BenchFailure("slipway-sandbox did not start: \(self.process.end.map { "\($0)" } ?? "no URL")") }
        self.url = url
    }

    /// Time that it has taken of the machine since its start.
    var processorTime: Duration? { ProcessUsage(of: self.process.number)?.processorTime }

    /// The id of a run.
    func runID(_ number: Int) -> String { Self.runID(number % self.runCount) }

    /// The id of run *number* of as many as one likes.
    static func runID(_ number: Int) -> String {
        let digits = String(number)
        let text = String(repeating: "0", count: 8 - digits.count) + digits
        return "rrrr-rrrr-\(text.prefix(4))-\(text.suffix(4))"
    }

    /// The path of a run's own resource.
    func runPath(_ number: Int) -> String {
        "/api/v2/projects/\(Self.projectID)/experiments/\(Self.experimentID)/runs/\(self.runID(number))"
    }

    /// Header fields that every request needs.
    var headers: [(name: String, value: String)] {
        [("Authorization", "Bearer \(self.apiKey)"), ("Content-Type", "application/json")]
    }

    /// Makes whatever is built from now on take that long.
    func setBuilding(_ duration: String, by client: HTTPClient) async throws {
        let response = try await client.send(
            HTTPRequest(
                method: "PUT",
                url: self.url + "/sandbox/clock",
                headers: self.headers,
                body: Array(#"{"preset":"instant","building":"\#(duration)"}"#.utf8)
            )
        )
        guard response.status == 200 else {
            throw BenchFailure("the sandbox's clock can't be set: \(String(decoding: response.body, as: UTF8.self))")
        }
    }

    /// Ends it.
    func stop() async { await self.process.stop(patience: .seconds(10)) }

    /// Runs as `slipway-sandbox serve --runs` reads them.
    private static func recorded(_ count: Int) -> [UInt8] {
        JSONWriter.object { writer in
            writer.array("projects") { list in
                list.object { object in
                    object.field("id", Self.projectID)
                    object.field("name", "bench")
                }
            }
            writer.array("experiments") { list in
                list.object { object in
                    object.field("id", Self.experimentID)
                    object.field("project_id", Self.projectID)
                    object.field("name", Self.experimentName)
                }
            }
            writer.array("runs") { list in
                for number in 0..<count { Self.write(run: number, to: &list) }
            }
        }
    }

    private static func write(run number: Int, to list: inout JSONWriter) {
        list.object { run in
            run.field("id", Self.runID(number))
            run.field("name", "run-\(number)")
            run.field("experiment_id", Self.experimentID)
            run.field("status", "EXPERIMENT_RUN_FINISHED")
            run.field("start_time", "2026-01-01T00:00:00Z")
            run.field("end_time", "2026-01-01T01:00:00Z")
            run.object("data") { data in
                data.array("tags") { list in
                    list.object { tag in
                        tag.field("key", "mlflow.log-model.history")
                        tag.field("value", #"[{"artifact_path":"artifacts"}]"#)
                    }
                }
                data.array("files") { list in
                    list.object { file in
                        file.field("path", "artifacts")
                        file.field("is_dir", true)
                        file.field("file_size", "0")
                    }
                }
            }
        }
    }
}
