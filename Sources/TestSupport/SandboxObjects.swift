// SPDX-License-Identifier: Apache-2.0

import JSON

/// The usual objects of a sandbox up to a finished run that can be registered.
package struct SandboxRun {
    /// The project's id.
    package let project: String
    /// The experiment's id.
    package let experiment: String
    /// The run's id.
    package let run: String

    /// Path of the experiment's runs.
    package var runs: String { "/projects/\(self.project)/experiments/\(self.experiment)/runs" }
    /// Path of the project's models.
    package var models: String { "/projects/\(self.project)/models" }

    /// Makes them; `tags` is a JSON list of the run's tags.
    package init(_ virtual: inout VirtualSandbox, tags: String = "[]") throws {
        self.project = try objectID(try virtual.call("POST", "/projects", #"{"name": "churn"}"#))
        let experiment = try virtual.call("POST", "/projects/\(self.project)/experiments", #"{"name": "exp"}"#)
        self.experiment = try objectID(experiment)
        let runs = "/projects/\(self.project)/experiments/\(self.experiment)/runs"
        self.run = try objectID(try virtual.call("POST", runs, #"{"tags": \#(tags)}"#))
        try virtual.call("POST", "\(runs)/\(self.run):logbatch", #"{"model_json": "{\"artifact_path\": \"model\"}"}"#)
        try virtual.call("PATCH", "\(runs)/\(self.run)", #"{"status": "EXPERIMENT_RUN_FINISHED"}"#)
    }

    /// Registers the run; gives the ids of model and version.
    package func register(
        _ virtual: inout VirtualSandbox,
        name: String = "churn",
        path: String = "model"
    ) throws -> (model: String, version: String) {
        let reply = try virtual.call("POST", "/registry/models", self.registration(name: name, path: path))
        let version = try reply["model_versions"]?.elements?.first?.required("model_version_id")
        guard let version else { throw VirtualSandbox.Unexpected(description: "a registration without a version") }
        return (try reply.required("model_id"), version)
    }

    /// Body of the call that registers the run.
    package func registration(name: String = "churn", path: String = "model") -> String {
        #"""
        {"project_id": "\#(self.project)", "experiment_id": "\#(self.experiment)", "run_id": "\#(self.run)",
         "model_name": "\#(name)", "model_path": "\#(path)"}
        """#
    }

    /// Registers the run, makes a model and builds it.
    package func build(_ virtual: inout VirtualSandbox, name: String = "churn") throws -> SandboxBuild {
        let registered = try self.register(&virtual, name: name)
        let body = #"{"name": "\#(name)", "registered_model_id": "\#(registered.model)"}"#
        let model = try virtual.call("POST", self.models, body)
        var built = SandboxBuild(
            models: self.models,
            model: try objectID(model),
            accessKey: try model.required("access_key"),
            version: registered.version,
            build: ""
        )
        built.build = try objectID(try virtual.call("POST", built.builds, built.buildRequest))
        return built
    }
}

/// A model of a sandbox with one build.
package struct SandboxBuild {
    /// A runtime that is there and enabled.
    package static let runtime =
        "docker.repository.cloudera.com/cloudera/cdsw/ml-runtime-jupyterlab-python3.10-standard:2024.10.1-b12"

    /// Path of the project's models.
    package let models: String
    /// The model's id.
    package let model: String
    /// The key that selects the model at the model service.
    package let accessKey: String
    /// The id of the version that is built.
    package let version: String
    /// The build's id.
    package var build: String

    /// Path of the model's builds.
    package var builds: String { "\(self.models)/\(self.model)/builds" }
    /// Path of the build's deployments.
    package var deployments: String { "\(self.builds)/\(self.build)/deployments" }
    /// Body of the call that builds the version.
    package var buildRequest: String {
        #"{"registered_model_version_id": "\#(self.version)", "runtime_identifier": "\#(SandboxBuild.runtime)"}"#
    }

    /// The build's status word.
    package func status(_ virtual: inout VirtualSandbox) throws -> String? {
        try virtual.call("GET", "\(self.builds)/\(self.build)")["status"]?.text
    }

    /// Deploys the build; gives the deployment's id.
    package func deploy(_ virtual: inout VirtualSandbox, _ body: String = "{}") throws -> String {
        try objectID(try virtual.call("POST", self.deployments, body))
    }

    /// A deployment's status word.
    package func status(_ virtual: inout VirtualSandbox, of deployment: String) throws -> String? {
        try virtual.call("GET", "\(self.deployments)/\(deployment)")["status"]?.text
    }
}
