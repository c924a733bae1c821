// SPDX-License-Identifier: Apache-2.0

import JSON

/// Reads the `data` object of an event.
///
/// Strict about the fields that it knows: a number given as a text, an id with a slash or a path that leads upwards are
/// refused by the field's name. `null` counts as absent. Unknown fields are told and ignored, so that producers can say more.
enum EventDataReader {
    /// Reads the object.
    static func read(_ value: JSONValue) throws(DeadLetterReason) -> RunFinishedData {
        let data = try FieldReader(value, path: "data")
        let run = RunReference(
            projectID: try data.text("projectId", .identifier),
            projectName: try data.text("projectName", .name),
            experimentID: try data.text("experimentId", .identifier),
            experimentName: try data.text("experimentName", .name),
            runID: try data.text("runId", .identifier)
        )
        guard run.experimentID != nil || run.experimentName != nil else {
            let message = "data.experimentId and data.experimentName are missing, one is needed"
            throw DeadLetterReason(.missingField, message + self.nearMiss(in: value))
        }
        return RunFinishedData(
            run: run,
            status: try data.text("status", .status),
            model: try self.model(data),
            build: try self.build(data),
            deployment: try self.deployment(data),
            unknownFields: EventFields.unknown(in: value)
        )
    }

    /// What an event says that probably means its experiment, in another notation.
    private static func nearMiss(in data: JSONValue) -> String {
        let unknown = EventFields.unknown(in: data).first { $0.meant?.hasPrefix("data.experiment") == true }
        return unknown.map { "; the event has \($0.words)" } ?? ""
    }

    private static func model(_ data: FieldReader) throws(DeadLetterReason) -> RunFinishedData.ModelWish {
        guard let model = try data.object("model", path: "data.model") else { return RunFinishedData.ModelWish() }
        return RunFinishedData.ModelWish(
            name: try model.text("name", .wishedModelName),
            artifactPath: try model.text("artifactPath", .artifactPath),
            description: try model.text("description", .paragraph)
        )
    }

    private static func build(_ data: FieldReader) throws(DeadLetterReason) -> RunFinishedData.BuildWish {
        guard let build = try data.object("build", path: "data.build") else { return RunFinishedData.BuildWish() }
        return RunFinishedData.BuildWish(
            runtime: try build.text("runtime", .image),
            comment: try build.text("comment", .buildComment)
        )
    }

    private static func deployment(_ data: FieldReader) throws(DeadLetterReason) -> RunFinishedData.DeploymentWish {
        guard let deployment = try data.object("deployment", path: "data.deployment") else {
            return RunFinishedData.DeploymentWish()
        }
        return RunFinishedData.DeploymentWish(
            cpu: try deployment.positiveNumber("cpu"),
            memoryGB: try deployment.positiveNumber("memoryGB"),
            gpus: try deployment.count("gpus", atLeast: 0),
            replicas: try deployment.count("replicas", atLeast: 1),
            environment: try deployment.environment("environment")
        )
    }
}

/// Reads typed fields of one object; errors name the field by its path.
private struct FieldReader {
    private let value: JSONValue
    private let path: String

    init(_ value: JSONValue, path: String) throws(DeadLetterReason) {
        guard case .object = value else {
            throw DeadLetterReason(.wrongType, "\(path) is \(value.kind), must be an object")
        }
        self.value = value
        self.path = path
    }

    private subscript(_ name: String) -> JSONValue? {
        guard let member = self.value[name] else { return nil }
        if case .null = member { return nil }
        return member
    }

    private func wrongType(_ name: String, _ value: JSONValue, wanted: String) -> DeadLetterReason {
        DeadLetterReason(.wrongType, "\(self.path).\(name) is \(value.kind), must be \(wanted)")
    }

    private func invalid(_ name: String, allowed: String) -> DeadLetterReason {
        DeadLetterReason(.invalidValue, "\(self.path).\(name) must be \(allowed)")
    }

    /// Goes into an object; its path is given whole, since putting one together costs as much as reading a field.
    func object(_ name: String, path: String) throws(DeadLetterReason) -> FieldReader? {
        guard let value = self[name] else { return nil }
        return try FieldReader(value, path: path)
    }

    func text(_ name: String, _ rule: TextRule) throws(DeadLetterReason) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw self.wrongType(name, value, wanted: "a string") }
        guard rule.isMet(by: text) else { throw self.invalid(name, allowed: rule.allowed) }
        return text
    }

    func positiveNumber(_ name: String) throws(DeadLetterReason) -> Double? {
        guard let value = self[name] else { return nil }
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .double(let double): number = double
        case .null, .bool, .string, .array, .object: throw self.wrongType(name, value, wanted: "a number")
        }
        guard number > 0, number <= 1_000_000 else { throw self.invalid(name, allowed: "above 0 and up to 1000000") }
        return number
    }

    func count(_ name: String, atLeast minimum: Int) throws(DeadLetterReason) -> Int? {
        guard let value = self[name] else { return nil }
        let number: Int?
        switch value {
        case .integer(let whole): number = Int(exactly: whole)
        case .double(let double): number = Int(exactly: double)
        case .null, .bool, .string, .array, .object: throw self.wrongType(name, value, wanted: "a whole number")
        }
        guard let number, minimum...10_000 ~= number else {
            throw self.invalid(name, allowed: "a whole number in \(minimum)...10000")
        }
        return number
    }

    /// Environment variables: at most 64, each value at most 32 KiB without NUL.
    func environment(_ name: String) throws(DeadLetterReason) -> [String: String] {
        guard let value = self[name] else { return [:] }
        guard case .object(let members) = value else {
            throw self.wrongType(name, value, wanted: "an object of strings")
        }
        guard members.count <= 64 else { throw self.invalid(name, allowed: "at most 64 variables") }
        var variables: [String: String] = [:]
        for member in members {
            // The names are the event's words, so that no message repeats one that breaks the rule.
            guard TextRule.variableName.isMet(by: member.name) else {
                throw self.invalid(name, allowed: "an object whose names are \(TextRule.variableName.allowed)")
            }
            guard case .string(let text) = member.value else {
                throw self.wrongType("\(name).\(member.name)", member.value, wanted: "a string")
            }
            guard text.utf8.count <= 32_768, !text.utf8.contains(0) else {
                throw self.invalid("\(name).\(member.name)", allowed: "at most 32768 bytes without NUL")
            }
            variables[member.name] = text
        }
        return variables
    }
}
