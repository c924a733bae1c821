// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Files
import HTTPClient
import HTTPValues
import Values
import WorkbenchAPI

/// `slipway api`: any operation of the workbench's API, with the configured address and key.
enum APICommand {
    /// Declares the command.
    static func command(_ load: @escaping ConfigurationLoader) -> Command {
        Command(
            "api",
            summary: "Call any operation of the workbench's API v2",
            discussion: """
                Sends one request with the configured address and key and prints the answer as it came; on a terminal, what \
                would drive it is written as JSON escapes it. {project_id} in the path stands for the configured project.

                Pairs given with -f or -F become the query of a GET and the JSON body of everything else. A GET that fails \
                because the workbench is not there is tried three times; nothing else is tried twice.
                """,
            options: self.options + ConfigurationOptions.all,
            arguments: [
                Argument("method", .choice(["GET", "POST", "PUT", "PATCH", "DELETE"]), help: "The HTTP method."),
                Argument("path", help: "The path below /api/v2, such as /projects."),
            ],
            rules: [
                .atMostOne(["input", "raw-field"]), .atMostOne(["input", "field"]), .atMostOne(["input", "paginate"]),
            ],
            examples: [
                Command.Example(
                    "List the projects whose name contains churn:",
                    #"slipway api GET /projects -f 'search_filter={"name":"churn"}'"#
                ),
                Command.Example(
                    "List every model of the project:",
                    "slipway api GET /projects/{project_id}/models --paginate"
                ),
                Command.Example(
                    "Stop a deployment:",
                    "slipway api POST /projects/{project_id}/models/M/builds/B/deployments/D:stop"
                ),
            ],
            exitStatuses: [.configuration, .unavailable],
            body: { invocation, output in try await Self.run(try load(invocation, output), invocation, output) }
        )
    }

    private static let options: [Option] = [
        Option(
            "raw-field",
            short: "f",
            .value("KEY=VALUE"),
            help: "A pair whose value is a text.",
            isRepeatable: true
        ),
        Option(
            "field",
            short: "F",
            .value("KEY=VALUE"),
            help: "A pair whose value is JSON where it can be read so: a number, true, null, an object.",
            isRepeatable: true
        ),
        Option("input", .value("FILE", .file), help: "Read the body from a file."),
        Option(
            "paginate",
            .flag(),
            help: "Follow a listing to its end; each page is printed on a line of its own."
        ),
    ]

    /// A request as the command line asks for it.
    private struct Request {
        var method: String
        var path: String
        var query: [(name: String, value: String)] = []
        var body: [UInt8]?
        var paginates: Bool
    }

    private static func run(
        _ configuration: Configuration,
        _ invocation: Invocation,
        _ output: Output
    ) async throws -> ExitStatus {
        let request = try Self.request(configuration, invocation)
        let workbench: Workbench
        do throws(ConfigurationProblem) {
            workbench = try Workbench(configuration)
        } catch {
            output.writeErrorLine("slipway api: \(error)")
            return .configuration
        }
        let result = await Self.send(request, workbench.client)
        await workbench.transport.close()
        switch result {
        case .success(let answers):
            for answer in answers {
                let body = String(decoding: answer.body, as: UTF8.self)
                let text = output.style.isTerminal ? body.harmlessOnTerminals : body
                try output.write(text.hasSuffix("\n") ? text : text + "\n")
            }
            return .success
        case .failure(let error):
            // What a cancelled call or wait ends with says nothing of the workbench.
            try Task.checkCancellation()
            output.writeErrorLine("slipway api: \(error)")
            switch error.kind {
            case .unavailable, .timeout, .unauthorized: return .unavailable
            default: return .failure
            }
        }
    }

    private static func request(_ configuration: Configuration, _ invocation: Invocation) throws -> Request {
        let fields: APIFields
        do throws(APIFields.Malformed) {
            fields = try APIFields(raw: invocation.texts("raw-field"), typed: invocation.texts("field"))
        } catch {
            throw UsageError("\(error)")
        }
        let method = invocation.text("method") ?? "GET"
        var path = invocation.text("path") ?? ""
        if path.contains("{project_id}") {
            guard let project = configuration.workbench.projectID else {
                throw UsageError("the path has {project_id}, and workbench.projectId is not set")
            }
            path = path.split(separator: "{project_id}", omittingEmptySubsequences: false).joined(separator: project)
        }
        guard !invocation.flag("paginate") || method == "GET" else { throw UsageError("--paginate is for GET only") }
        let target = try APITarget(path)
        var request = Request(method: method, path: target.path, paginates: invocation.flag("paginate"))
        request.query = target.query
        if method == "GET" {
            request.query += fields.query
        } else if let file = invocation.text("input") {
            // The workbench would refuse a byte order mark.
            request.body = Array(ByteOrderMark.dropped(from: try FileReader.read(file, maximumBytes: 16 << 20)))
        } else if !fields.fields.isEmpty {
            request.body = fields.body
        }
        return request
    }

    private static let backoff = Backoff(base: .milliseconds(800), cap: .seconds(5))

    private static func send(_ request: Request, _ client: WorkbenchClient) async -> Result<[RawResponse], APIError> {
        var attempt = 1
        while true {
            do throws(APIError) {
                guard request.paginates else {
                    let answer = try await client.raw(
                        request.method,
                        request.path,
                        query: request.query,
                        body: request.body
                    )
                    return .success([answer])
                }
                var answers: [RawResponse] = []
                var pages = client.rawPages(request.path, query: request.query).makeAsyncIterator()
                while let page = try await pages.next() { answers.append(page) }
                return .success(answers)
            } catch {
                let failure = error
                guard request.method == "GET", failure.isRetryable, attempt < 3 else { return .failure(failure) }
                do {
                    try await Task.sleep(for: Self.backoff.delay(afterFailures: attempt).duration)
                } catch {
                    return .failure(failure)
                }
                attempt += 1
            }
        }
    }
}
