// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPClient
import HTTPServer
import HTTPValues
import Telemetry
import Testing
import Values
import WorkbenchSandbox

@testable import WorkbenchAPI

/// A client of a running sandbox whose objects are ready at once.
private struct Workbench {
    let client: WorkbenchClient
    let transport: HTTPClient
    let url: String

    /// Replaces the sandbox's faults.
    func setFaults(_ rules: String) async throws {
        let response = try await self.transport.send(
            HTTPRequest(
                method: "PUT",
                url: "\(self.url)/sandbox/faults",
                headers: [("Authorization", "Bearer \(testKey)")],
                body: Array("[\(rules)]".utf8)
            )
        )
        try #require(response.status == 200)
    }

    /// Makes an object by a raw call and returns its id.
    func make(_ path: String, _ body: String) async throws -> String {
        let answer = try await self.client.raw("POST", path, body: Array(body.utf8)).body
        return try JSONDecoder().decode(Made.self, from: Data(answer)).id
    }

    private struct Made: Decodable { let id: String }
}

private func withWorkbench(
    key: String = testKey,
    pageSize: Int = 100,
    _ body: (Workbench) async throws -> Void
) async throws {
    let server = try SandboxServer(settings: SandboxServer.Settings(apiKey: testKey, seed: 7))
    let url = try server.start().url
    let transport = HTTPClient()
    let client = WorkbenchClient(
        transport: transport,
        dialect: Dialect(
            baseURL: try ServiceURL(url),
            modelServiceURL: try ServiceURL("\(url)/modelservice"),
            pageSize: pageSize
        ),
        credentials: FixedCredential(Secret(key))
    )
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(Workbench(client: client, transport: transport, url: url)))
    } catch {
        result = .failure(error)
    }
    await transport.close()
    await server.stop(grace: .zero)
    try result.get()
}

/// A finished run with a logged model.
private struct Subject {
    let project: String
    let experiment: String
    let run: String

    init(_ workbench: Workbench, runs: Int = 1) async throws {
        self.project = try await workbench.make("/projects", #"{"name":"telco"}"#)
        self.experiment = try await workbench.make("/projects/\(self.project)/experiments", #"{"name":"xgb"}"#)
        let path = "/projects/\(self.project)/experiments/\(self.experiment)/runs"
        var id = ""
        for index in 0..<runs {
            let minute = index < 10 ? "0\(index)" : "\(index)"
            id = try await workbench.make(path, #"{"run_name":"r","start_time":"2026-02-03T04:\#(minute):05.5Z"}"#)
            let finished = """
                {"status":"EXPERIMENT_RUN_FINISHED","data":{"metrics":[{"key":"auc","value":0.91,"step":"3"}],
                "params":[{"key":"accuracy","value":"0.93"}],"files":[{"path":"artifacts","is_dir":true}]}}
                """
            _ = try await workbench.client.raw("PATCH", "\(path)/\(id)", body: Array(finished.utf8))
        }
        self.run = id
    }

    func registration(_ name: String = "churn") -> RegistrationRequest {
        RegistrationRequest(
            projectID: self.project,
            experimentID: self.experiment,
            runID: self.run,
            artifactPath: "artifacts",
            modelName: name,
            tags: [APITag(key: "slipway", value: "r-1")]
        )
    }
}

@Suite("Against the sandbox", .timeLimit(.minutes(1)))
struct SandboxTests {
    @Test func aRunBecomesAModelThatAnswers() async throws {
        try await withWorkbench { workbench in
            let client = workbench.client
            let subject = try await Subject(workbench)
            let run = try await client.perform(
                .run(project: subject.project, experiment: subject.experiment, subject.run)
            )
            #expect(run.status == .finished)
            #expect(run.metrics == ["auc": 0.91])
            #expect(run.params == ["accuracy": "0.93"])
            #expect(run.artifactPaths == ["artifacts"])
            #expect(run.registeredVersions.isEmpty)

            let registered = try await client.perform(.register(subject.registration()))
            let version = try #require(registered.version(ofRun: subject.run))
            let after = try await client.perform(
                .run(project: subject.project, experiment: subject.experiment, subject.run)
            )
            #expect(
                after.registeredVersions
                    == [.init(modelID: registered.id, versionID: version.id, modelName: "churn")]
            )
            #expect(try await client.perform(.registeredVersion(model: registered.id, version.id)).status.isReady)
            let model = try await client.perform(
                .createModel(
                    ModelRequest(projectID: subject.project, name: "churn", registeredModelID: registered.id)
                )
            )
            #expect(model.isAuthenticationEnabled)
            let runtime = try #require(try await client.perform(.newestRuntime(kernel: "Python 3.10")))
            let build = try await client.perform(
                .createBuild(
                    BuildRequest(
                        projectID: subject.project,
                        modelID: model.id,
                        registeredVersionID: version.id,
                        runtimeIdentifier: runtime.imageIdentifier,
                        comment: "slipway r-1"
                    )
                )
            )
            #expect(
                try await client.perform(.build(project: subject.project, model: model.id, build.id)).status.isReady
            )
            let deployment = try await client.perform(
                .createDeployment(
                    DeploymentRequest(
                        projectID: subject.project,
                        modelID: model.id,
                        buildID: build.id,
                        cpu: 2,
                        memoryGB: 4,
                        gpus: 1,
                        replicas: 3,
                        environment: EnvironmentVariables(["A": "b c"])
                    )
                )
            )
            let place = (subject.project, model.id, build.id)
            let up = try await client.perform(
                .deployment(project: place.0, model: place.1, build: place.2, deployment.id)
            )
            #expect(up.status.isReady)
            #expect((up.cpu, up.memoryGB, up.gpus, up.replicas) == (2, 4, 1, 3))
            #expect(try up.environment.values() == ["A": "b c"])

            let sample = Array(#"{"dataframe_split":{"columns":["a"],"data":[[1.5]]}}"#.utf8)
            let reply = try await client.perform(.callModel(accessKey: model.accessKey, request: sample))
            #expect(reply.isSuccess)
            #expect(reply.hasResponse)

            let stopped = try await client.perform(
                .stopDeployment(
                    project: place.0,
                    model: place.1,
                    build: place.2,
                    deployment.id
                )
            )
            #expect(stopped.status.isEnded)
            let refused = await failure(of: { () throws(APIError) in
                try await client.perform(.callModel(accessKey: model.accessKey, request: sample))
            })
            #expect(refused?.kind == .unavailable)
            #expect(refused?.message == "model.unavailable: no deployment is up")
            let again = try await client.perform(
                .restartDeployment(
                    project: place.0,
                    model: place.1,
                    build: place.2,
                    deployment.id
                )
            )
            #expect(!again.status.isFailed)
        }
    }

    @Test func whatWasMadeIsFoundAgain() async throws {
        try await withWorkbench(pageSize: 2) { workbench in
            let client = workbench.client
            let subject = try await Subject(workbench, runs: 5)
            #expect(try await client.perform(.projects(named: "telco")).map(\.id) == [subject.project])
            let found = try await client.perform(.experiments(project: subject.project, named: "xgb"))
            #expect(found.map(\.id) == [subject.experiment])
            let newest = try await client.perform(
                .newestFinishedRun(project: subject.project, experiment: subject.experiment)
            )
            #expect(newest?.id == subject.run)

            var versions: [String] = []
            for name in ["churn", "churn", "churn-2", "churn"] {
                let model = try await client.perform(.register(subject.registration(name)))
                if name == "churn" { versions.append(try #require(model.version(ofRun: subject.run)).id) }
            }
            let versionsFound = try await client.perform(.versions(modelNamed: "churn", run: subject.run))
            #expect(Set(versionsFound.map(\.id)) == Set(versions))
            #expect(versionsFound.allSatisfy { $0.tags["slipway"] == "r-1" })
            #expect(try await client.perform(.versions(modelNamed: "churn", run: "other")).isEmpty)

            for name in ["churn-3", "churn", "my-churn"] {
                let model = try await client.perform(.createModel(ModelRequest(projectID: subject.project, name: name)))
                #expect(try await client.perform(.model(project: subject.project, named: name))?.id == model.id)
            }
            #expect(try await client.perform(.model(project: subject.project, named: "chur")) == nil)
        }
    }

    @Test func refusalsHaveTheirClass() async throws {
        try await withWorkbench { workbench in
            let client = workbench.client
            let subject = try await Subject(workbench)
            let request = ModelRequest(projectID: subject.project, name: "churn")
            _ = try await client.perform(.createModel(request))
            let duplicate = await failure(of: { () throws(APIError) in try await client.perform(.createModel(request)) }
            )
            #expect(duplicate?.httpStatus == 500)
            #expect(duplicate?.kind == .conflict)
            #expect(duplicate?.outcome == .notApplied)
            let missing = await failure(of: { () throws(APIError) in
                try await client.perform(.model(project: subject.project, "79b0e995-95db-469a-8c93-15820f36124a"))
            })
            #expect(missing?.kind == .notFound)
            #expect(missing?.grpcCode == 5)
            #expect(try await client.perform(.validateKey()).isValid)
            let audience = await failure(of: { () throws(APIError) in
                try await client.perform(.validateKey(audience: .application))
            })
            #expect(audience?.kind == .forbidden)
        }
    }

    @Test func aWrongKeyIsRefused() async throws {
        try await withWorkbench(key: "wrong.key") { workbench in
            let error = await failure(of: { () throws(APIError) in
                try await workbench.client.pages(.projects()).allItems()
            })
            #expect(error?.kind == .unauthorized)
            #expect(error?.grpcCode == 16)
            #expect(error?.description.contains("wrong.key") == false)
        }
    }

    @Test(arguments: [
        (#""fault":"status","status":503"#, APIError.Kind.unavailable, APIError.Outcome.unknown),
        (#""fault":"status","status":502,"form":"html""#, .unavailable, .unknown),
        (#""fault":"status","status":403"#, .forbidden, .notApplied),
        (#""fault":"drop-before""#, .unavailable, .unknown), (#""fault":"drop-after-apply""#, .unavailable, .unknown),
        (#""fault":"drop-after-apply","cutAfterBytes":120"#, .unavailable, .unknown),
        (#""fault":"stall-then-500","delay":"10ms""#, .unavailable, .unknown),
        (#""fault":"apply-late","delay":"10ms","reply":"500""#, .unavailable, .unknown),
        (#""fault":"malformed","form":"truncated""#, .protocol, .unknown),
        (#""fault":"malformed","form":"html""#, .protocol, .unknown),
        (#""fault":"malformed","form":"empty""#, .protocol, .unknown),
        (#""fault":"rate-limit","retryAfter":"7s""#, .rateLimited, .notApplied),
    ])
    func aFaultHasItsClass(fault: String, kind: APIError.Kind, outcome: APIError.Outcome) async throws {
        try await withWorkbench { workbench in
            let project = try await workbench.make("/projects", #"{"name":"p"}"#)
            try await workbench.setFaults("{\(fault)}")
            let request = ModelRequest(projectID: project, name: "churn")
            let error = await failure(of: { () throws(APIError) in
                try await workbench.client.perform(.createModel(request))
            })
            #expect(error?.kind == kind)
            #expect(error?.outcome == outcome)
            if kind == .rateLimited { #expect(error?.retryAfter == .seconds(7)) }
        }
    }

    @Test(arguments: ["sparse", "reversed-order", "upper-case-status", "unknown-status"])
    func itsMoodsAreUnderstood(fault: String) async throws {
        try await withWorkbench(pageSize: 2) { workbench in
            let client = workbench.client
            let subject = try await Subject(workbench, runs: 5)
            let model = try await client.perform(.createModel(ModelRequest(projectID: subject.project, name: "churn")))
            try await workbench.setFaults(#"{"fault":"\#(fault)","match":{"method":"GET"}}"#)
            #expect(try await client.perform(.model(project: subject.project, named: "churn"))?.id == model.id)
            guard fault != "unknown-status" else { return }
            let newest = try await client.perform(
                .newestFinishedRun(project: subject.project, experiment: subject.experiment)
            )
            #expect(newest?.id == subject.run)
        }
    }

    @Test func aRepeatedPageTokenEndsAListing() async throws {
        try await withWorkbench(pageSize: 2) { workbench in
            let subject = try await Subject(workbench, runs: 5)
            try await workbench.setFaults(#"{"fault":"repeated-page-token"}"#)
            let runs = workbench.client.pages(.runs(project: subject.project, experiment: subject.experiment))
            let error = await failure(of: { () throws(APIError) in try await runs.allItems() })
            #expect(error?.kind == .protocol)
        }
    }
}
