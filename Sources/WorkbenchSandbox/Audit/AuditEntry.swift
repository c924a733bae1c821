// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// What is recorded of one mutating call.
///
/// In it stands what was sent, secrets included; its line has them blotted out.
package struct AuditEntry: Sendable {
    /// A field of a request that a client can put its own marks into.
    package enum Marker: String, Sendable, CaseIterable {
        case comment
        case runID = "run_id"
        case experimentID = "experiment_id"
        case name
        case runName = "run_name"
        case modelName = "model_name"
        case modelPath = "model_path"
        case notes
        case registeredModelID = "registered_model_id"
        case versionID = "registered_model_version_id"
        case runtime = "runtime_identifier"
        case status
    }

    /// A number of a request that says how large something is to be.
    package enum Size: String, Sendable, CaseIterable {
        case cpu, memory, replicas
        case gpus = "nvidia_gpus"
    }

    /// Its number, from 1; goes on where the audit is emptied.
    package internal(set) var sequence: Int64 = 0
    /// When the workbench took it.
    package let at: Timestamp
    /// HTTP method.
    package let method: String
    /// Path as sent.
    package let path: String
    /// The operation; `nil` if there is none for that method and path.
    package let operation: Operation?
    /// Status that the client got; 0: none.
    package let status: Int
    /// Whether the workbench changed.
    package let isApplied: Bool
    /// What went wrong on purpose; `nil` for nothing.
    package let fault: FaultRule.Kind?
    let identifiers: [ObjectID]
    /// The body, or what is left of it in a line.
    let fields: Fields

    /// The id of what the call made or addressed; `nil` if it was of no such kind.
    package func id(of kind: ObjectID.Kind) -> String? {
        self.identifiers.first { $0.kind == kind }?.id
    }

    /// The text of a field as sent; `nil` if it is absent or empty.
    package func marker(_ marker: Marker) -> String? {
        guard let text = self.fields.value[marker.rawValue]?.text, !text.isEmpty else { return nil }
        return text
    }

    /// A size as sent; `nil` if it is absent.
    package func size(_ size: Size) -> Double? { self.fields.double(size.rawValue) }

    /// The value of a tag as sent; `nil` if there is none.
    package func tag(_ key: String) -> String? { self.tags.value(of: key) }

    /// The value of an environment variable as sent; `nil` if there is none.
    package func variable(_ name: String) -> String? { self.environment.value(of: name) }

    var tags: [KeyValue] { self.fields.tags("tags") }
    var environment: [KeyValue] { self.fields.map("environment") }
}

/// An object that a call made or addressed.
package struct ObjectID: Sendable, Equatable {
    /// Kinds of objects, by the name of their ids in the audit.
    package enum Kind: String, Sendable, CaseIterable {
        case project = "project_id"
        case experiment = "experiment_id"
        case run = "run_id"
        /// Of a project; in a path of the registry, of the registry.
        case model = "model_id"
        case version = "version_id"
        case build = "build_id"
        case deployment = "deployment_id"
        case registeredModel = "registered_model_id"
    }

    /// Its kind.
    package let kind: Kind
    /// Its id on the workbench.
    package let id: String

    init(_ kind: Kind, _ id: String) {
        self.kind = kind
        self.id = id
    }
}
