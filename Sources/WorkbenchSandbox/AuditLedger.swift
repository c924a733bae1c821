// SPDX-License-Identifier: Apache-2.0

import JSON

/// Finds in a sandbox's audit what was made more than once.
///
/// One thing each: the version of a run under a model's name, the model of a name in a project, the build that carries a
/// rollout's marker, and the deployment of a build. Counted is what the workbench applied, whatever the client got to hear.
struct AuditLedger: Sendable, Equatable {
    /// What is to be made once.
    struct Thing: Hashable, Sendable, Comparable, CustomStringConvertible {
        let operation: String
        let mark: String

        var description: String { "\(self.operation) \(self.mark)" }

        static func < (left: Thing, right: Thing) -> Bool {
            (left.operation, left.mark) < (right.operation, right.mark)
        }
    }

    /// How often each thing was made.
    private(set) var made: [Thing: Int] = [:]
    /// Ids of the deployments made.
    private(set) var deploymentIDs: Set<String> = []

    /// An empty ledger.
    init() {}

    /// Reads an audit, one object of JSON a line.
    ///
    /// - Throws: `TallyFailure` for a line that is none.
    init(lines: [UInt8]) throws(TallyFailure) {
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            do {
                self.add(try JSONValue(lenientlyParsing: Array(line)))
            } catch {
                throw TallyFailure(description: "the sandbox's audit has a line that is not JSON: \(error)")
            }
        }
    }

    /// What was made more than once.
    var duplicates: [Thing] { self.made.filter { $0.value > 1 }.keys.sorted() }

    /// How many were made too many.
    var surplus: Int { self.made.values.reduce(0) { $0 + $1 - 1 } }

    private mutating func add(_ line: JSONValue) {
        guard line["applied"] == .bool(true), let operation = line["operation"]?.text.flatMap(Operation.init),
            let mark = AuditLedger.mark(of: operation, line)
        else { return }
        self.made[Thing(operation: operation.rawValue, mark: mark), default: 0] += 1
        if operation == .createDeployment, let id = line["ids"]?["deployment_id"]?.text {
            self.deploymentIDs.insert(id)
        }
    }

    /// What tells the thing from others of its kind; `nil` for operations that make nothing of a rollout's.
    private static func mark(of operation: Operation, _ line: JSONValue) -> String? {
        let path = line["path"]?.text ?? ""
        let markers = line["markers"]
        switch operation {
        case .createRegisteredModel:
            return "\(markers?["model_name"]?.text ?? "") of run \(markers?["run_id"]?.text ?? "")"
        case .createModel: return "\(path) \(markers?["name"]?.text ?? "")"
        case .createBuild: return self.rolloutMarker(in: markers?["comment"]?.text ?? "")
        // The path names the build.
        case .createDeployment: return path
        default: return nil
        }
    }

    /// The worker's mark in a comment, which ends it; the whole comment where there is none.
    private static func rolloutMarker(in comment: String) -> String {
        comment.split(separator: " ").last { $0.hasPrefix("slipway:") }.map(String.init) ?? comment
    }
}
