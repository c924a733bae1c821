// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import WorkbenchAPI

@Suite("Lenient decoding")
struct DecodingTests {
    /// A build as the workbench writes it: zero values, nulls, members we don't know.
    static let build = """
        {"id":"79b0e995-95db-469a-8c93-15820f36124a","model_id":"m-1","creator":{"username":"u","name":"","email":""},
        "comment":"slipway 42","file_path":"","engine_image":"","created_at":"2026-02-03T04:05:06.789123456Z",
        "built_at":null,"status":"pushing","deletion_status":"","crn":"crn:x","runtime_identifier":"img",
        "runtime_addon_identifiers":[],"registered_model_version_id":"04tq-8ys4-8gu2-yu96","novel":{"deep":[1]}}
        """

    @Test func aWholeBuildIsRead() throws {
        let build = try decode(Self.build, as: ModelBuild.self)
        #expect(build.id == "79b0e995-95db-469a-8c93-15820f36124a")
        #expect(build.comment == "slipway 42")
        #expect(build.status.isInProgress)
        #expect(build.createdAt == Timestamp(rfc3339: "2026-02-03T04:05:06.789Z"))
        #expect(build.registeredVersionID == "04tq-8ys4-8gu2-yu96")
        #expect(build.isLive)
    }

    @Test(arguments: [
        #"{"id":"a"}"#,
        #"{"id":"a","comment":null,"status":null,"created_at":null,"deletion_status":null}"#,
        #"{"id":"a","comment":"","status":"","created_at":"","deletion_status":""}"#,
        #"{"id":"a","created_at":"0001-01-01T00:00:00Z"}"#,
        #"{"id":"a","created_at":"yesterday"}"#,
        #"{"id":"a","created_at":0}"#,
    ])
    func zeroNullAndAbsentAreTheSame(json: String) throws {
        #expect(try decode(json, as: ModelBuild.self) == decode(#"{"id":"a"}"#, as: ModelBuild.self))
    }

    @Test(arguments: [#"{}"#, #"{"id":null}"#, #"{"id":""}"#, #"{"id":{}}"#, #"{"id":[]}"#, "[]", "3", "null"])
    func anObjectWithoutIDIsNone(json: String) {
        #expect(throws: APIError.self) { try decode(json, as: ModelBuild.self) }
    }

    @Test(arguments: [
        (#"2"#, 2.0), (#""2""#, 2.0), (#"2.5"#, 2.5), (#""2.5""#, 2.5), (#"null"#, 0), (#""""#, 0), (#"0"#, 0),
        (#""Infinity""#, .infinity), (#""-Infinity""#, -.infinity), (#"1e3"#, 1000), (#"true"#, nil), (#""two""#, nil),
    ])
    func numbersMayBeStrings(json: String, expected: Double?) throws {
        let text = #"{"id":"a","cpu":\#(json)}"#
        guard let expected else {
            #expect(throws: APIError.self) { try decode(text, as: ModelDeployment.self) }
            return
        }
        #expect(try decode(text, as: ModelDeployment.self).cpu == expected)
    }

    @Test(arguments: [
        (#"3"#, 3), (#""3""#, 3), (#"3.0"#, 3), (#""3.0""#, 3), (#"3.7"#, nil), (#""3.7""#, nil), (#"null"#, 0),
        (#""""#, 0),
        (#""9223372036854775807""#, .max), (#"1e3"#, 1000), (#"99999999999999999999"#, nil), (#""x""#, nil),
    ])
    func integersMayBeStrings(json: String, expected: Int64?) throws {
        let text = #"{"id":"a","replicas":\#(json)}"#
        guard let expected else {
            #expect(throws: APIError.self) { try decode(text, as: ModelDeployment.self) }
            return
        }
        #expect(try decode(text, as: ModelDeployment.self).replicas == expected)
    }

    @Test(arguments: [
        (#"7"#, "7"), (#"7.5"#, "7.5"), (#"true"#, "true"), (#""x""#, "x"), (#"null"#, ""),
        (#"18446744073709551615"#, "1.8446744073709552e+19"),
    ])
    func stringsMayBeNumbers(json: String, expected: String) throws {
        #expect(try decode(#"{"id":"a","comment":\#(json)}"#, as: ModelBuild.self).comment == expected)
    }

    @Test(arguments: [
        ("true", true), ("false", false), ("null", false), (#""true""#, true), (#""False""#, false), ("1", true),
        ("0", false), (#""""#, false),
    ])
    func truthMayBeTextOrNumber(json: String, expected: Bool) throws {
        #expect(try decode(#"{"id":"a","auth_enabled":\#(json)}"#, as: Model.self).isAuthenticationEnabled == expected)
    }

    @Test(arguments: [
        (#"{"id":"a","nvidia_gpu":2}"#, 2), (#"{"id":"a","nvidia_gpus":"3"}"#, 3), (#"{"id":"a"}"#, 0),
        (#"{"id":"a","nvidia_gpu":0,"nvidia_gpus":1}"#, 1),
    ])
    func gpusComeInSingularAndPlural(json: String, expected: Int64) throws {
        #expect(try decode(json, as: ModelDeployment.self).gpus == expected)
    }

    @Test(arguments: [
        (#"{"A":"1"}"#, ["A": "1"]), (#""{\"A\":\"1\",\"B\":2}""#, ["A": "1", "B": "2"]), (#""""#, [:]), ("null", [:]),
        ("{}", [:]), (#"{"A":null}"#, ["A": ""]),
    ])
    func environmentIsObjectOrText(json: String, expected: [String: String]) throws {
        let deployment = try decode(#"{"id":"a","environment":\#(json)}"#, as: ModelDeployment.self)
        #expect(try deployment.environment.values() == expected)
    }

    @Test func anEnvironmentThatIsNoJSONFailsOnlyWhenRead() throws {
        let deployment = try decode(#"{"id":"a","environment":"A=1"}"#, as: ModelDeployment.self)
        #expect(throws: FieldFailure.self) { try deployment.environment.values() }
    }

    @Test(arguments: [
        #"{"models":null}"#, #"{}"#, #"{"models":[]}"#, #"{"models":[],"next_page_token":""}"#,
        #"{"models":null,"next_page_token":null}"#,
    ])
    func anEmptyPageIsTheLast(json: String) throws {
        let page = try decode(json, as: Page<Model>.self)
        #expect(page.items.isEmpty)
        #expect(page.nextPageToken == "")
    }

    @Test func aRunBringsWhatGatesNeed() throws {
        let run = try decode(
            """
            {"id":"1ip4-kluf-v7zb-ag2q","experiment_id":"e","status":"EXPERIMENT_RUN_FINISHED",
            "start_time":"2026-02-03T04:05:06.7Z","end_time":"2026-02-03T04:05:07Z","artifact_uri":"/home/cdsw/x",
            "data":{"metrics":[{"key":"auc","value":0.9,"timestamp":null,"step":"12"},{"key":"loss","value":"NaN"}],
            "params":[{"key":"accuracy","value":"0.93"}],"tags":[{"key":"engineID","value":"e4"}],
            "files":[{"path":"artifacts","is_dir":true,"file_size":"0"}],"registered_model_metadata":null},
            "inputs":null}
            """,
            as: ExperimentRun.self
        )
        #expect(run.status == .finished)
        #expect(run.startedAt == Timestamp(rfc3339: "2026-02-03T04:05:06.700Z"))
        #expect(run.metrics["auc"] == 0.9)
        #expect(run.metrics["loss"]?.isNaN == true)
        #expect(run.params == ["accuracy": "0.93"])
        #expect(run.tags == ["engineID": "e4"])
        #expect(run.artifactPaths == ["artifacts"])
    }

    @Test func aRunNamesItsRegisteredVersions() throws {
        let run = try decode(
            """
            {"id":"r","data":{"registered_model_metadata":[
            {"model_path":"artifacts","model_name":"churn","model_id":"xm37-fllz-7zza-8l9d",
            "model_version_id":"04tq-8ys4-8gu2-yu96","version_number":2,"run_id":"r","created_at":"2026-02-03T04:05:06Z"},
            {"model_id":"g","model_version_id":"v"}]}}
            """,
            as: ExperimentRun.self
        )
        #expect(run.registeredVersions.map(\.modelID) == ["xm37-fllz-7zza-8l9d", "g"])
        #expect(run.registeredVersions.map(\.versionID) == ["04tq-8ys4-8gu2-yu96", "v"])
        #expect(run.registeredVersions.map(\.modelName) == ["churn", ""])
    }

    @Test(arguments: [
        ("null", 0), ("[]", 0), ("{}", 0), (#""x""#, 0), ("7", 0), ("[null,7,[],{}]", 0),
        (#"[{"model_id":"g"}]"#, 0), (#"[{"model_version_id":"v"}]"#, 0),
        (#"[{"model_id":"g","model_version_id":{}}]"#, 0),
        (#"[{"model_id":"g"},{"model_id":"g","model_version_id":"v"}]"#, 1),
    ])
    func versionsInAnotherFormAreNone(json: String, count: Int) throws {
        let run = try decode(
            #"{"id":"r","data":{"params":[{"key":"a","value":"1"}],"registered_model_metadata":\#(json)}}"#,
            as: ExperimentRun.self
        )
        #expect(run.registeredVersions.count == count)
        #expect(run.params == ["a": "1"])
    }

    @Test(arguments: [
        ("EXPERIMENT_RUN_RUNNING", ExperimentRun.Status.running), ("EXPERIMENT_RUN_FAILED", .failed),
        ("experiment_run_finished", .finished), ("FINISHED", .finished), ("", .running),
        ("EXPERIMENT_RUN_PAUSED", .unknown), ("EXPERIMENT_RUN_KILLED", .killed),
        ("EXPERIMENT_RUN_SCHEDULED", .scheduled),
    ])
    func runStatusIsRead(word: String, expected: ExperimentRun.Status) throws {
        #expect(try decode(#"{"id":"r","status":"\#(word)"}"#, as: ExperimentRun.self).status == expected)
    }

    @Test func runTimesMayBeMilliseconds() throws {
        let run = try decode(
            #"{"id":"r","start_time":"1700000000123","end_time":1700000000456}"#,
            as: ExperimentRun.self
        )
        #expect(run.startedAt == Timestamp(millisecondsSinceEpoch: 1_700_000_000_123))
        #expect(run.endedAt == Timestamp(millisecondsSinceEpoch: 1_700_000_000_456))
    }

    @Test func aVersionKnowsItsRun() throws {
        let version = try decode(
            """
            {"model_id":"xm37","model_version_id":"04tq","number":2,"status":"READY","error_message":"",
            "tags":[{"key":"slipway","value":"r1"}],"model_version_metadata":{"mlops_type":"MLFLOW","project_id":"p",
            "tags":[{"key":"x","value":"y"}],"mlflow_metadata":{"experiment_id":"e","run_id":"r","metrics":null},
            "simple_metadata":null}}
            """,
            as: RegisteredModelVersion.self
        )
        #expect(version.runID == "r")
        #expect(version.experimentID == "e")
        #expect(version.projectID == "p")
        #expect(version.status.isReady)
        #expect(version.tags == ["slipway": "r1", "x": "y"])
    }

    @Test(arguments: [
        (#"[{"model_version_id":"a","number":1},{"model_version_id":"b","number":"2"}]"#, "b"),
        (
            """
            [{"model_version_id":"a","number":3,"model_version_metadata":{"mlflow_metadata":{"run_id":"other"}}},
            {"model_version_id":"b","number":2,"model_version_metadata":{"mlflow_metadata":{"run_id":"r"}}},
            {"model_version_id":"c","number":1,"model_version_metadata":{"mlflow_metadata":{"run_id":"r"}}}]
            """, "b"
        ),
        (#"[{"model_version_id":"a","model_version_metadata":{"mlflow_metadata":{"run_id":"other"}}}]"#, nil),
        ("[]", nil), ("null", nil),
    ])
    func theVersionOfARunIsTheGreatestOfItsOwn(versions: String, expected: String?) throws {
        let model = try decode(#"{"model_id":"m","model_versions":\#(versions)}"#, as: RegisteredModel.self)
        #expect(model.version(ofRun: "r")?.id == expected)
    }

    @Test func aHugeNestingIsAnErrorAndNoCrash() {
        let deep = #"{"id":"a","x":"# + String(repeating: "[", count: 100_000)
        #expect(throws: APIError.self) { try decode(deep, as: ModelBuild.self) }
    }

    @Test(arguments: [
        (#"{"models":[{"id":"a"},{"name":"n"}]}"#, "the answer can't be read at models.1.id: empty"),
        (#"{"models":[{"id":"a"},7]}"#, "the answer can't be read at models.1: an object was expected, not a number"),
        (#"{"models":{}}"#, "the answer can't be read at models: an array was expected, not an object"),
        (
            #"{"models":[{"id":"a","auth_enabled":"maybe"}]}"#,
            "the answer can't be read at models.0.auth_enabled: neither true nor false"
        ),
        ("[]", "the answer can't be read: an object was expected, not an array"),
        (#"{"models":[}"#, "the answer can't be read: expected a value at byte 11"),
    ])
    func anErrorNamesThePlace(json: String, message: String) {
        let error = #expect(throws: APIError.self) { try decode(json, as: Page<Model>.self) }
        #expect(error?.message == message)
    }

    @Test(arguments: [
        #"{"id":"a","id":"b","x":"\ud83d"}"#,
        #"{"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"id":"b"}"#,
    ])
    func whatOnlyAStrictReaderRefusesIsRead(json: String) throws {
        #expect(try decode(json, as: ModelBuild.self).id == "b")
    }
}
