// SPDX-License-Identifier: Apache-2.0

import CommandTable
import HTTPServer
import JSON
import Processes
import WorkbenchSandbox

/// Declares `slipway-sandbox serve`.
enum ServeCommand {
    static let command: Command = Command(
        "serve",
        summary: "Simulate a Cloudera AI workbench's API v2",
        discussion: """
            Prints one line of JSON with its URL and key when it is ready; SIGTERM or SIGINT ends it.

            Below the URL, all with the key as bearer:

              /api/v2               the API; /api/v2/swagger.json lists its operations and needs no key
              /modelservice/model   POST {"accessKey": ..., "request": ...}: calls a deployed model
              /sandbox/audit        GET: every mutating call, one line of JSON each
              /sandbox/state        GET: counts and objects (?kind=models, ?kind=none); DELETE: empty it
              /sandbox/faults       PUT [{"match": {"method": "POST", "path": "/api/v2/**"},
                                    "fault": "latency", "delay": "200ms", "probability": 0.1}]: what goes
                                    wrong, see below; GET, DELETE
              /sandbox/quirks       PUT ["old-release"]: what this workbench answers otherwise than usual, see
                                    below; GET
              /sandbox/clock        PUT {"preset": "quick", "building": ["1s", "3s"]}: how long registering,
                                    building, deploying and stopping take for what is made from then on;
                                    GET

            Faults, with the keys that each has; an unknown fault or key is answered with those that there are:

              latency               applied at once, answered after "delay"
              status                refused with "status" (400 to 599), "message"; "form": json, html, empty
              author                answered by somebody else with any "status"; "form": code (the gateway's
                                    JSON), json (without a code), text (default backend - 404), page,
                                    empty, redirect (to /login); "message"; "applied": true applies it
              drop-before           not applied, the connection closes
              drop-after-apply      applied, then the connection closes after "cutAfterBytes"
              apply-late            applied after "delay"; "reply": cut, 500
              stall-then-500        applied, answered with the ingress's 500 after "delay"
              malformed             applied, answered with "form": truncated, html, empty
              rate-limit            refused with 429 and "retryAfter"
              twice                 applied twice, as if a gateway had sent it again; "reply": second, 504
              visible-after         what was created shows in lists and reads by id after "delay" only
              stale                 lists are those of "delay" ago, states and deleted objects included
              shuffled              lists run in any order, the same on all pages of one listing
              reversed-order        lists run backwards
              repeated-page-token   every page names itself as the next one
              forget                "fields" (comment, tags, notes, description, environment) are not kept,
                                    or only "bytes" of each text
              sparse                fields with zero values are left out
              upper-case-status     status words in capitals
              unknown-status        "word" in place of every status word

            A rule's "match" may name "method", "path" (* stands for any text without a slash, ** for any) and \
            "family": auth, projects (with experiments and runs), models (with builds, deployments and runtimes), \
            registry, modelservice. "probability", "every", "count" and "after" pick among the matches; "from" and \
            "until" are times since the rules were set, so that an outage can be planned ahead. A duration is "200ms", \
            "1.5s", "2m" or a number of seconds; "delay" may be a pair of them to draw from. \
            {"seed": N, "rules": [...]} makes the draws repeatable.

            Quirks are answers to what nobody outside knows of workbenches; without them it gives the usual one, in \
            brackets:

            \(ServeCommand.quirks)

            A run tagged sandbox.fail=WORD fails on its way: version, build, build-timeout, deployment or prediction. So \
            does a build with sandbox.fail=WORD in its comment, and a deployment with SANDBOX_FAIL=WORD in its \
            environment. A run has an artifact once it is logged (model_json of :logbatch, the tag \
            mlflow.log-model.history, or data.files of an update); without one its version ends UPLOAD_FAILED.
            """,
        options: SandboxOptions.options(clock: "instant"),
        examples: [
            Command.Example(
                "A workbench that takes its time, for programs on this machine:",
                "slipway-sandbox serve --address 127.0.0.1:8090 --clock quick"
            )
        ],
        body: { invocation, output in
            let settings = try SandboxOptions.settings(invocation)
            let shutdown = ShutdownSignal()
            let server = try SandboxServer(settings: settings)
            let address = try server.start()
            do {
                try output.writeLine(ServeCommand.announcement(address.url, key: settings.apiKey))
            } catch {
                await server.stop()
                throw error
            }
            await shutdown.wait()
            await server.stop()
            return .success
        }
    )

    /// The quirks, a line each.
    private static var quirks: String {
        Quirk.allCases.map { quirk in
            let padding = String(repeating: " ", count: max(1, 26 - quirk.rawValue.count))
            return "  " + quirk.rawValue + padding + quirk.meaning
        }.joined(separator: "\n")
    }

    /// The line by which whoever started the sandbox finds it.
    private static func announcement(_ url: String, key: String) -> String {
        let line = JSONWriter.object { writer in
            writer.field("url", url)
            writer.field("apiKey", key)
        }
        return String(decoding: line, as: UTF8.self)
    }
}
