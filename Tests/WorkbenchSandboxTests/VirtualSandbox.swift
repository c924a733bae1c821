// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import WorkbenchSandbox

/// A sandbox without sockets on a clock that only the test moves.
struct VirtualSandbox {
    static let key = "test-key"

    var sandbox: Sandbox
    var now = WallTime(microseconds: 1_800_000_000_000_000)

    init(clock: LifeCycleClock = .instant, seed: UInt64 = 1) {
        self.sandbox = Sandbox(apiKey: VirtualSandbox.key, clock: clock, seed: seed)
    }

    mutating func advance(_ duration: Duration) {
        self.now = self.now + duration
    }

    /// Sends one request with the key.
    mutating func send(
        _ method: String,
        _ target: String,
        _ body: String = "",
        authorization: String? = "Bearer \(key)"
    ) -> SandboxDelivery {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let request = SandboxRequest(
            method: method,
            path: parts[0],
            query: parts.count > 1 ? parts[1] : "",
            authorization: authorization,
            body: Array(body.utf8)
        )
        return self.sandbox.receive(request, at: self.now)
    }

    /// Sends one call of API v2, which has to be accepted.
    @discardableResult
    mutating func call(
        _ method: String,
        _ path: String,
        _ body: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSONValue {
        let delivery = self.send(method, "/api/v2" + path, body)
        try #require(
            delivery.status == 200,
            "\(String(decoding: delivery.body, as: UTF8.self))",
            sourceLocation: sourceLocation
        )
        return try JSONValue(lenientlyParsing: delivery.body)
    }

    /// Sends one call of API v2, which has to be refused in the API's shape.
    mutating func refusal(
        _ method: String,
        _ path: String,
        _ body: String = ""
    ) throws -> (status: Int, code: Int64, message: String) {
        let delivery = self.send(method, "/api/v2" + path, body)
        let json = try JSONValue(lenientlyParsing: delivery.body)
        let message = try #require(json["message"]?.text)
        #expect(json["error"]?.text == message)
        return (delivery.status, try #require(json["code"]?.wholeNumber), message)
    }

    /// The audit, one value per line.
    mutating func audit() throws -> [JSONValue] {
        try self.send("GET", "/sandbox/audit").body.split(separator: UInt8(ascii: "\n")).map { line in
            try JSONValue(lenientlyParsing: Array(line))
        }
    }

    mutating func setFaults(_ rules: String) throws {
        let delivery = self.send("PUT", "/sandbox/faults", rules)
        try #require(delivery.status == 200, "\(String(decoding: delivery.body, as: UTF8.self))")
    }
}

/// The usual objects up to a run that can be registered.
struct World {
    let project: String
    let experiment: String
    let run: String

    var runs: String { "/projects/\(self.project)/experiments/\(self.experiment)/runs" }
    var models: String { "/projects/\(self.project)/models" }

    init(_ virtual: inout VirtualSandbox, tags: String = "[]") throws {
        let project = try virtual.call("POST", "/projects", #"{"name": "churn"}"#)
        self.project = try id(project)
        let experiment = try virtual.call("POST", "/projects/\(self.project)/experiments", #"{"name": "exp"}"#)
        self.experiment = try id(experiment)
        let runs = "/projects/\(self.project)/experiments/\(self.experiment)/runs"
        self.run = try id(try virtual.call("POST", runs, #"{"tags": \#(tags)}"#))
        try virtual.call("POST", "\(runs)/\(self.run):logbatch", #"{"model_json": "{\"artifact_path\": \"model\"}"}"#)
        try virtual.call("PATCH", "\(runs)/\(self.run)", #"{"status": "EXPERIMENT_RUN_FINISHED"}"#)
    }

    /// Registers the run; gives the ids of model and version.
    func register(
        _ virtual: inout VirtualSandbox,
        name: String = "churn",
        path: String = "model"
    ) throws -> (model: String, version: String) {
        let reply = try virtual.call("POST", "/registry/models", self.registration(name: name, path: path))
        let version = try #require(reply["model_versions"]?.elements?.first)
        return (try #require(reply["model_id"]?.text), try #require(version["model_version_id"]?.text))
    }

    func registration(name: String = "churn", path: String = "model") -> String {
        #"""
        {"project_id": "\#(self.project)", "experiment_id": "\#(self.experiment)", "run_id": "\#(self.run)",
         "model_name": "\#(name)", "model_path": "\#(path)"}
        """#
    }

    /// Registers, makes a model and builds it.
    func build(_ virtual: inout VirtualSandbox, name: String = "churn") throws -> Built {
        let registered = try self.register(&virtual, name: name)
        let body = #"{"name": "\#(name)", "registered_model_id": "\#(registered.model)"}"#
        let model = try virtual.call("POST", self.models, body)
        var built = Built(
            models: self.models,
            model: try id(model),
            accessKey: try #require(model["access_key"]?.text),
            version: registered.version,
            build: ""
        )
        built.build = try id(try virtual.call("POST", built.builds, built.buildRequest))
        return built
    }
}

/// A model with one build.
struct Built {
    static let runtime =
        "docker.repository.cloudera.com/cloudera/cdsw/ml-runtime-jupyterlab-python3.10-standard:2024.10.1-b12"

    let models: String
    let model: String
    let accessKey: String
    let version: String
    var build: String

    var builds: String { "\(self.models)/\(self.model)/builds" }
    var deployments: String { "\(self.builds)/\(self.build)/deployments" }
    var buildRequest: String {
        #"{"registered_model_version_id": "\#(self.version)", "runtime_identifier": "\#(Built.runtime)"}"#
    }

    func status(_ virtual: inout VirtualSandbox) throws -> String? {
        try virtual.call("GET", "\(self.builds)/\(self.build)")["status"]?.text
    }

    func deploy(_ virtual: inout VirtualSandbox, _ body: String = "{}") throws -> String {
        try id(try virtual.call("POST", self.deployments, body))
    }

    func status(_ virtual: inout VirtualSandbox, of deployment: String) throws -> String? {
        try virtual.call("GET", "\(self.deployments)/\(deployment)")["status"]?.text
    }
}

func id(_ value: JSONValue) throws -> String {
    try #require(value["id"]?.text)
}
