// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Testing
import Values
import WorkbenchAPI
import WorkbenchCalls

@testable import Rollouts

/// A call, what it must send, what it is answered, and what that is to the core.
struct Exemplar: Sendable, CustomTestStringConvertible {
    var call: APICall
    var lines: [String]
    /// Body of the last request.
    var body: String?
    var answers: [HandWritten]
    var result: CallResult

    var testDescription: String { "\(self.call.name): \(self.lines.joined(separator: ", "))" }
}

/// Each call of the core, answered as the workbench does.
struct CallTests {
    static let place = DeploymentPlace(projectID: "p", modelID: "m", buildID: "b", deploymentID: "d")
    static let versionRequest = VersionRequest(
        projectID: "p",
        experimentID: "e",
        runID: "r",
        modelName: "n",
        artifactPath: "a",
        description: "d",
        marker: "k"
    )
    static let modelRequest = Rollouts.ModelRequest(
        projectID: "p",
        name: "n",
        description: "d",
        registeredModelID: "g",
        disableAuthentication: true
    )
    static let buildRequest = Rollouts.BuildRequest(
        projectID: "p",
        modelID: "m",
        versionID: "v",
        runtimeIdentifier: "i",
        comment: "c"
    )
    static let deploymentRequest = Rollouts.DeploymentRequest(
        projectID: "p",
        modelID: "m",
        buildID: "b",
        size: DeploymentSize(cpu: 2, memoryGB: 4.5, gpus: 1, replicas: 3, environment: ["B": "2", "A": "1"])
    )
    private static let deployments = "/projects/p/models/m/builds/b/deployments"

    /// A version as the registry writes it.
    static func version(_ id: String, _ status: String = "READY", run: String = "r", tag: String? = nil) -> String {
        let tags = tag.map { #"[{"key":"slipway.rollout","value":"\#($0)"}]"# } ?? "null"
        return """
            {"model_id":"g","model_version_id":"\(id)","number":1,"status":"\(status)","tags":\(tags),
            "model_version_metadata":{"mlflow_metadata":{"run_id":"\(run)","experiment_id":"e"}}}
            """
    }

    static func versions(_ versions: String..., next: String = "") -> HandWritten {
        .json(
            #"{"model_id":"g","model_versions":[\#(versions.joined(separator: ","))],"next_page_token":"\#(next)"}"#
        )
    }

    static let probes: [Exemplar] = [
        Exemplar(
            call: .probe(.workbench, nil),
            lines: ["POST /auth/validate_key"],
            body: #"{"audience":"API"}"#,
            answers: [key],
            result: .alive
        ),
        Exemplar(
            call: .probe(.experiments, ProbePlace(projectID: "p", experimentID: "e")),
            lines: [
                "POST /auth/validate_key", "GET /projects/p", "GET /projects/p/experiments?page_size=1",
                "GET /projects/p/experiments/e/runs?page_size=1&sort=-start_time",
            ],
            answers: [key, .json(#"{"id":"p","name":"n"}"#), .json(#"{"experiments":[]}"#), .json("{}")],
            result: .alive
        ),
        Exemplar(
            call: .probe(.models, ProbePlace(projectID: "p", modelID: "m", buildID: "b")),
            lines: [
                "POST /auth/validate_key", "GET /projects/p/models?page_size=1",
                "GET /projects/p/models/m/builds?page_size=1&sort=-created_at",
                "GET /projects/p/models/m/builds/b/deployments?page_size=1",
            ],
            answers: [key, .json(#"{"models":[],"next_page_token":"more"}"#), .json("{}"), .json("{}")],
            result: .alive
        ),
        Exemplar(
            call: .probe(.registry, nil),
            lines: ["POST /auth/validate_key", "GET /registry/models?page_size=1"],
            answers: [key, .json(#"{"models":[{"model_id":"x"}],"next_page_token":"more"}"#)],
            result: .alive
        ),
        Exemplar(
            call: .probe(.modelService, nil),
            lines: ["POST /model"],
            body: #"{"accessKey":"slipway-probe","request":{}}"#,
            answers: [
                .json(#"{"success":false,"errors":{"code":"model.not_found","message":"no such key"}}"#, status: 404)
            ],
            result: .alive
        ),
    ]

    private static let key = HandWritten.json(#"{"valid":true,"username":"u"}"#)

    static let looks: [Exemplar] = [
        Exemplar(
            call: .findProject(name: "n"),
            lines: ["GET /projects?page_size=100&search_filter=%7B%22name%22%3A%22n%22%7D"],
            answers: [
                .json(
                    #"{"projects":[{"id":"1","name":"nn"},{"id":"2","name":"n","owner":{"username":"u"}},{"id":"3","name":"n"}]}"#
                )
            ],
            result: .projects([ProjectFacts(id: "2", name: "n", owner: "u"), ProjectFacts(id: "3", name: "n")])
        ),
        Exemplar(
            call: .readProject(projectID: "p"),
            lines: ["GET /projects/p"],
            answers: [.json(#"{"id":"p","name":"n","owner":{"username":"u"}}"#)],
            result: .projects([ProjectFacts(id: "p", name: "n", owner: "u")])
        ),
        Exemplar(
            call: .findExperiment(projectID: "p", name: "n"),
            lines: ["GET /projects/p/experiments?page_size=100&search_filter=%7B%22name%22%3A%22n%22%7D"],
            answers: [.json(#"{"experiments":[{"id":"1","name":"n"},{"id":"2","name":"nn"}]}"#)],
            result: .experiments([ExperimentFacts(id: "1", projectID: "", name: "n")])
        ),
        Exemplar(
            call: .readExperiment(projectID: "p", experimentID: "e"),
            lines: ["GET /projects/p/experiments/e"],
            answers: [.json(#"{"id":"e","project_id":"p","name":"n"}"#)],
            result: .experiments([ExperimentFacts(id: "e", projectID: "p", name: "n")])
        ),
        Exemplar(
            call: .readRun(projectID: "p", experimentID: "e", runID: "r"),
            lines: ["GET /projects/p/experiments/e/runs/r"],
            answers: [
                .json(
                    """
                    {"id":"r","experiment_id":"e","status":"EXPERIMENT_RUN_FINISHED","start_time":"2026-02-03T04:00:00Z",
                    "data":{"metrics":[{"key":"auc","value":0.9}],"files":[{"path":"a","is_dir":true}],
                    "registered_model_metadata":[{"model_name":"n","model_id":"g","model_version_id":"v"}]}}
                    """
                )
            ],
            result: .run(
                RunFacts(
                    projectID: "p",
                    experimentID: "e",
                    runID: "r",
                    status: .finished,
                    start: Timestamp(millisecondsSinceEpoch: 1_770_091_200_000),
                    metrics: ["auc": 0.9],
                    artifactPaths: ["a"],
                    registeredVersions: [RegisteredVersion(registeredModelID: "g", versionID: "v", modelName: "n")]
                )
            )
        ),
        Exemplar(
            call: .newestRun(projectID: "p", experimentID: "e"),
            lines: ["GET /projects/p/experiments/e/runs?page_size=100&sort=-start_time"],
            answers: [.json(#"{"experiment_runs":[{"id":"r","status":"RUNNING"}]}"#)],
            result: .run(nil)
        ),
        Exemplar(
            call: .findModel(projectID: "p", name: "n"),
            lines: ["GET /projects/p/models?page_size=100&search_filter=%7B%22name%22%3A%22n%22%7D"],
            answers: [.json(#"{"models":[{"id":"m","name":"n","registered_model_id":"g"}]}"#)],
            result: .model(ModelFacts(modelID: "m", registeredModelID: "g"))
        ),
        Exemplar(
            call: .findRuntime(.newest(kernel: "Python 3.10", edition: "Standard", editor: nil)),
            lines: [
                """
                GET /runtimes?page_size=100&search_filter=\
                %7B%22edition%22%3A%22Standard%22%2C%22kernel%22%3A%22Python%203.10%22%7D
                """
            ],
            answers: [
                .json(#"{"runtimes":[{"image_identifier":"i","kernel":"Python 3.10","edition":"Standard"}]}"#)
            ],
            result: .runtime(identifier: "i")
        ),
        Exemplar(
            call: .findRuntime(.identifier("i")),
            lines: ["GET /runtimes?page_size=100&search_filter=%7B%22image_identifier%22%3A%22i%22%7D"],
            answers: [
                .json(
                    #"{"runtimes":[{"image_identifier":"ii"},{"image_identifier":"i","status":"ENABLED"}]}"#
                )
            ],
            result: .runtime(identifier: "i")
        ),
        Exemplar(
            call: .findRuntime(.identifier("i")),
            lines: ["GET /runtimes?page_size=100&search_filter=%7B%22image_identifier%22%3A%22i%22%7D"],
            answers: [.json(#"{"runtimes":[{"image_identifier":"i","status":"DISABLED"}]}"#)],
            result: .runtime(identifier: nil)
        ),
        Exemplar(
            call: .findBuild(
                BuildLook(
                    projectID: "p",
                    modelID: "m",
                    versionID: "v",
                    runtimeIdentifier: "i",
                    marker: "k",
                    secondKeys: nil
                )
            ),
            lines: [
                "GET /projects/p/models/m/builds?page_size=100&search_filter=%7B%22comment%22%3A%22k%22%7D&sort=-created_at"
            ],
            answers: [.json(#"{"model_builds":[{"id":"x","comment":"l"},{"id":"b","comment":"k","status":"built"}]}"#)],
            result: .build(BuildFacts(buildID: "b", progress: .ready))
        ),
        Exemplar(
            call: .findDeployment(projectID: "p", modelID: "m", buildID: "b"),
            lines: ["GET \(deployments)?page_size=100"],
            answers: [.json(#"{"model_deployments":[]}"#)],
            result: .deployment(nil)
        ),
    ]

    static let reads: [Exemplar] = [
        Exemplar(
            call: .readVersion(registeredModelID: "g", versionID: "v", marker: "m"),
            lines: ["GET /registry/models/g/versions/v"],
            answers: [.json(version("v", "UPLOADING", tag: "k"))],
            result: .version(
                VersionFacts(registeredModelID: "g", versionID: "v", progress: .underWay("UPLOADING"), isOurs: false)
            )
        ),
        Exemplar(
            call: .readBuild(projectID: "p", modelID: "m", buildID: "b"),
            lines: ["GET /projects/p/models/m/builds/b"],
            answers: [.json(#"{"id":"b","status":"build failed"}"#)],
            result: .build(BuildFacts(buildID: "b", progress: .failed("build failed")))
        ),
        Exemplar(
            call: .readDeployment(projectID: "p", modelID: "m", buildID: "b", deploymentID: "d"),
            lines: ["GET \(deployments)/d"],
            answers: [.json(#"{"id":"d","status":"deployed"}"#)],
            result: .deployment(DeploymentFacts(deploymentID: "d", progress: .ready))
        ),
    ]

    static let creations: [Exemplar] = [
        Exemplar(
            call: .registerVersion(versionRequest),
            lines: ["POST /registry/models"],
            body: #"""
                {"description":"d","experiment_id":"e","model_name":"n","model_path":"a","notes":"","project_id":"p",\#
                "run_id":"r","tags":[{"key":"slipway.rollout","value":"k"}],"visibility":"PRIVATE"}
                """#,
            answers: [.json(#"{"model_id":"g9","model_versions":[\#(version("v", "REGISTERING"))]}"#)],
            result: .version(
                VersionFacts(registeredModelID: "g9", versionID: "v", progress: .underWay("REGISTERING"), isOurs: true)
            )
        ),
        Exemplar(
            call: .createModel(modelRequest),
            lines: ["POST /projects/p/models"],
            body: #"""
                {"description":"d","disable_authentication":true,"name":"n","project_id":"p","registered_model_id":"g"}
                """#,
            answers: [.json(#"{"id":"m","access_key":"secret"}"#)],
            result: .model(ModelFacts(modelID: "m", registeredModelID: "g"))
        ),
        Exemplar(
            call: .createBuild(buildRequest),
            lines: ["POST /projects/p/models/m/builds"],
            body: #"""
                {"comment":"c","model_id":"m","project_id":"p","registered_model_version_id":"v","runtime_identifier":"i"}
                """#,
            answers: [.json(#"{"id":"b","status":"pending","comment":"c"}"#)],
            result: .build(
                BuildFacts(buildID: "b", progress: .underWay("pending"), making: Making(keepsMarker: true))
            )
        ),
        Exemplar(
            call: .createDeployment(deploymentRequest),
            lines: ["POST \(deployments)"],
            body: #"""
                {"build_id":"b","cpu":2,"environment":{"A":"1","B":"2"},"memory":4.5,"model_id":"m","nvidia_gpus":1,\#
                "project_id":"p","replicas":3}
                """#,
            answers: [.json(#"{"id":"d","status":"stopped"}"#)],
            result: .deployment(DeploymentFacts(deploymentID: "d", progress: .failed("stopped")))
        ),
    ]

    static let sweeps: [Exemplar] = [
        Exemplar(
            call: .sweep(.findVersions(modelName: "n", runID: "r", marker: "k")),
            lines: [
                "GET /registry/models?page_size=100&search_filter=%7B%22model_name%22%3A%22n%22%7D",
                "GET /registry/models/g?page_size=100",
            ],
            answers: [
                .json(#"{"models":[{"model_id":"g","name":"n"}]}"#),
                versions(
                    version("ours", tag: "k"),
                    version("other", tag: "l"),
                    version("plain"),
                    version("gone", "DELETED", tag: "k"),
                    version("bad", "UPLOAD_FAILED", tag: "k")
                ),
            ],
            result: .marked([
                MarkedObject(id: "bad", parent: "g", isActive: false),
                MarkedObject(id: "ours", parent: "g", isActive: true),
                MarkedObject(id: "plain", parent: "g", isActive: true, isMarked: false),
            ])
        ),
        Exemplar(
            call: .sweep(
                .findBuilds(
                    BuildLook(
                        projectID: "p",
                        modelID: "m",
                        versionID: "v",
                        runtimeIdentifier: "i",
                        marker: "k",
                        secondKeys: SecondKeys(since: .epoch)
                    )
                )
            ),
            lines: ["GET /projects/p/models/m/builds?page_size=100&sort=-created_at"],
            answers: [
                .json(
                    """
                    {"model_builds":[{"id":"a","registered_model_version_id":"w"},{"id":"b","comment":"k"},
                    {"id":"c","comment":"k","status":"failed"},{"id":"d","creator":{"username":"u"}}]}
                    """
                )
            ],
            result: .marked([
                MarkedObject(id: "b", isActive: true), MarkedObject(id: "c", isActive: false),
                MarkedObject(id: "d", isActive: true, isMarked: false, user: "u"),
            ])
        ),
        Exemplar(
            call: .sweep(.findUses(projectID: "p", modelID: "m", versionID: "v")),
            lines: ["GET /projects/p/models/m/builds?page_size=100&sort=-created_at"],
            answers: [
                .json(#"{"model_builds":[{"id":"a"},{"id":"b","registered_model_version_id":"v"}]}"#)
            ],
            result: .marked([MarkedObject(id: "b", isActive: true, isMarked: false)])
        ),
        Exemplar(
            call: .sweep(.findDeployments(projectID: "p", modelID: "m", buildID: "b")),
            lines: ["GET \(deployments)?page_size=100"],
            answers: [
                .json(
                    """
                    {"model_deployments":[{"id":"a","status":"deployed"},{"id":"b","status":"stopped"},
                    {"id":"c","status":"deploying"},{"id":"d","status":"failed"}]}
                    """
                )
            ],
            result: .marked([
                MarkedObject(id: "a", isActive: true), MarkedObject(id: "b", isActive: false),
                MarkedObject(id: "c", isActive: true), MarkedObject(id: "d", isActive: false),
            ])
        ),
        Exemplar(
            call: .sweep(.removeVersion(registeredModelID: "g", versionID: "v")),
            lines: ["DELETE /registry/models/g/versions/v"],
            answers: [.json("{}")],
            result: .marked([])
        ),
        Exemplar(
            call: .sweep(.removeBuild(projectID: "p", modelID: "m", buildID: "b")),
            lines: ["DELETE /projects/p/models/m/builds/b"],
            answers: [.json("{}")],
            result: .marked([])
        ),
        Exemplar(
            call: .sweep(.stopDeployment(place)),
            lines: ["POST \(deployments)/d:stop"],
            answers: [.json(#"{"id":"d","status":"stopping"}"#)],
            result: .marked([])
        ),
        Exemplar(
            call: .sweep(.reviveDeployment(place)),
            lines: ["POST \(deployments)/d:restart"],
            answers: [.json(#"{"id":"d","status":"pending"}"#)],
            result: .marked([])
        ),
        Exemplar(
            call: .sweep(.readLive(place)),
            lines: ["GET \(deployments)/d"],
            answers: [.json(#"{"id":"d","status":"deploying"}"#)],
            result: .marked([MarkedObject(id: "d", isActive: true)])
        ),
    ]

    @Test(arguments: probes + looks + reads + creations + sweeps)
    func aCallIsAnswered(expected: Exemplar) throws {
        let held = try Held(expected.call, expected.answers)
        #expect(held.lines == expected.lines)
        #expect(held.result == .success(expected.result))
        #expect(held.unused == 0)
        #expect(held.sent.last?.request.body.map { String(decoding: $0, as: UTF8.self) } == expected.body)
        for planned in held.sent {
            #expect(planned.usesAPIKey)
            #expect(!planned.request.headers.contains { $0.name == "Authorization" })
            #expect(planned.request.isRepeatable == (planned.request.method == "GET"))
        }
    }

    @Test(arguments: creations)
    func aCreatingCallIsOneRequest(expected: Exemplar) throws {
        #expect(expected.call.isCreating)
        #expect(try Held(expected.call, expected.answers).sent.count == 1)
    }
}
