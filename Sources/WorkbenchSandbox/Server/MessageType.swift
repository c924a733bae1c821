// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// The fields that one kind of request body may have, with their types.
///
/// Checked as grpc-gateway v1 does it: unknown fields pass, `null` counts as absent, numbers may come as strings.
struct MessageType: Sendable {
    /// The type of one field.
    enum Kind: Sendable {
        case string, bool, int32, int64, double, time
        case strings, stringMap
        /// One of these words, or its place in the list.
        case word([String])
        case message(MessageType)
        case messages(MessageType)
    }

    /// The spec's name of the type.
    let name: String
    private(set) var fields: [String: Kind]

    init(_ name: String, _ fields: [String: Kind]) {
        self.name = name
        self.fields = fields
    }

    /// Checks the types of all known fields, and, where that is asked for, that there are no others.
    func check(_ value: JSONValue, refusingUnknown: Bool = false) throws(APIFailure) {
        guard case .object(let members) = value else { throw .invalid("\(self.name): a JSON object is expected") }
        for member in members {
            guard let kind = self.fields[member.name] else {
                if refusingUnknown { throw .invalid("\(self.name): unknown field \(member.name)") }
                continue
            }
            guard member.value != .null else { continue }
            try self.check(member.value, member.name, kind, refusingUnknown)
        }
    }

    private func check(
        _ value: JSONValue,
        _ field: String,
        _ kind: Kind,
        _ refusingUnknown: Bool
    ) throws(APIFailure) {
        switch kind {
        case .string: try self.require(value.text != nil, field, "a string")
        case .bool:
            if case .bool = value { return }
            throw self.mismatch(field, "true or false")
        case .int32:
            try self.require(
                value.protoWholeNumber.map { Int32(exactly: $0) != nil } ?? false,
                field,
                "a 32-bit integer"
            )
        case .int64: try self.require(value.protoWholeNumber != nil, field, "a 64-bit integer")
        case .double: try self.require(value.protoNumber != nil, field, "a number")
        case .time:
            try self.require(
                value.text.map { Timestamp(rfc3339: $0, in: .microseconds) != nil } ?? false,
                field,
                "an RFC 3339 time"
            )
        case .word(let words):
            let index = value.protoWholeNumber.map { words.indices.contains(Int(truncatingIfNeeded: $0)) } ?? false
            try self.require(
                value.text.map(words.contains) ?? false || index,
                field,
                "one of \(words.joined(separator: ", "))"
            )
        case .strings:
            try self.require(value.elements?.allSatisfy { $0.text != nil } ?? false, field, "a list of strings")
        case .stringMap:
            try self.require(
                value.members?.allSatisfy { $0.value.text != nil } ?? false,
                field,
                "a map of strings"
            )
        case .message(let type): try type.check(value, refusingUnknown: refusingUnknown)
        case .messages(let type):
            guard let elements = value.elements else { throw self.mismatch(field, "a list") }
            for element in elements { try type.check(element, refusingUnknown: refusingUnknown) }
        }
    }

    private func require(
        _ condition: Bool,
        _ field: String,
        _ expected: @autoclosure () -> String
    ) throws(APIFailure) {
        guard condition else { throw self.mismatch(field, expected()) }
    }

    private func mismatch(_ field: String, _ expected: String) -> APIFailure {
        .invalid("\(self.name).\(field): \(expected) is expected")
    }
}

extension MessageType {
    static let tag = MessageType("Tag", ["key": .string, "value": .string])

    static let metric = MessageType(
        "Metric",
        ["key": .string, "value": .double, "timestamp": .time, "step": .int64]
    )

    static let user = MessageType("ShortUser", ["username": .string, "name": .string, "email": .string])

    static let validateKey = MessageType("ValidateAPIKeyRequest", ["audience": .string])

    static let createProject = MessageType(
        "CreateProjectRequest",
        [
            "name": .string, "description": .string, "visibility": .string, "parent_project": .string,
            "git_url": .string, "git_ref": .string, "template": .string, "organization_permission": .string,
            "default_project_engine_type": .string, "environment": .stringMap, "shared_memory_limit": .int32,
            "team_name": .string,
        ]
    )

    static let project = MessageType(
        "Project",
        [
            "id": .string, "name": .string, "owner": .message(.user), "creator": .message(.user),
            "description": .string, "visibility": .string, "default_engine_type": .string, "created_at": .time,
            "updated_at": .time, "creation_status": .string,
            "permissions": .message(
                MessageType(
                    "ProjectPermissions",
                    [
                        "read": .bool, "write": .bool, "admin": .bool, "business_user": .bool, "operator": .bool,
                        "inherit": .bool,
                    ]
                )
            ),
            "shared_memory_limit": .int32, "environment": .string, "ephemeral_storage_request": .int32,
            "ephemeral_storage_limit": .int32, "slug": .string,
        ]
    )

    static let createExperiment = MessageType(
        "CreateExperimentRequest",
        [
            "project_id": .string, "name": .string, "tags": .messages(.tag), "artifact_location": .string,
            "engine_id": .string,
        ]
    )

    static let experiment = MessageType(
        "Experiment",
        [
            "id": .string, "project_id": .string, "name": .string, "artifact_location": .string, "created_at": .time,
            "updated_at": .time, "tags": .messages(.tag), "lifecycle_stage": .string, "user": .message(.user),
        ]
    )

    static let createRun = MessageType(
        "CreateExperimentRunRequest",
        [
            "project_id": .string, "experiment_id": .string, "run_name": .string, "start_time": .time,
            "tags": .messages(.tag),
        ]
    )

    static let runData = MessageType(
        "ExperimentRunData",
        [
            "metrics": .messages(.metric), "params": .messages(.tag), "tags": .messages(.tag),
            "files": .messages(MessageType("FileInfo", ["path": .string, "is_dir": .bool, "file_size": .int64])),
            "registered_model_metadata": .messages(
                MessageType(
                    "RegisteredModelMetadata",
                    [
                        "model_path": .string, "model_name": .string, "model_id": .string,
                        "model_version_id": .string, "version_number": .int32, "run_id": .string,
                        "created_at": .string,
                    ]
                )
            ),
        ]
    )

    static let run = MessageType(
        "ExperimentRun",
        [
            "id": .string, "name": .string, "experiment_id": .string, "user": .message(.user),
            "status": .word(RunStatus.allCases.map(\.rawValue)), "start_time": .time, "end_time": .time,
            "artifact_uri": .string, "data": .message(.runData),
            "inputs": .message(MessageType("ExperimentRunInputs", ["dataset_inputs": .messages(.datasetInput)])),
        ]
    )

    static let datasetInput = MessageType(
        "DatasetInput",
        [
            "tags": .messages(.tag),
            "dataset": .message(
                MessageType(
                    "Dataset",
                    [
                        "name": .string, "digest": .string, "source_type": .string, "source": .string,
                        "schema": .string, "profile": .string,
                    ]
                )
            ),
        ]
    )

    static let logBatch = MessageType(
        "LogExperimentRunBatchRequest",
        [
            "project_id": .string, "experiment_id": .string, "run_id": .string, "metrics": .messages(.metric),
            "params": .messages(.tag), "tags": .messages(.tag), "model_json": .string,
        ]
    )

    static let deleteBatch = MessageType(
        "DeleteExperimentRunBatchRequest",
        [
            "project_id": .string, "experiment_id": .string, "run_id": .string, "metrics": .strings,
            "params": .strings, "tags": .strings,
        ]
    )
}
