// SPDX-License-Identifier: Apache-2.0

import JSON
import WorkbenchSandbox

/// Finds in a sandbox's audit what was made, and what was made more than once.
///
/// One thing each: the version of a run under a model's name, the model of a name in a project, the build that carries a
/// rollout's marker, and the deployment of a build. Counted is what the workbench applied, whatever the client got to hear.
package struct AuditLedger: Sendable, Equatable {
    /// What is to be made once.
    package struct Thing: Hashable, Sendable, Comparable, CustomStringConvertible {
        let operation: String
        let mark: String

        package var description: String { "\(self.operation) \(self.mark)" }

        package static func < (left: Thing, right: Thing) -> Bool {
            (left.operation, left.mark) < (right.operation, right.mark)
        }
    }

    /// Kinds of things.
    package enum Kind: String, Sendable, CaseIterable {
        case version, model, build, deployment

        /// The kind that an operation makes, by the operation's id in the API; `nil` if it makes none of them.
        fileprivate init?(madeBy operation: String) {
            guard let kind = Kind.allCases.first(where: { $0.operation == operation }) else { return nil }
            self = kind
        }

        /// The operation that makes it.
        private var operation: String {
            switch self {
            case .version: "CreateRegisteredModel"
            case .model: "CreateModel"
            case .build: "CreateModelBuild"
            case .deployment: "CreateModelDeployment"
            }
        }

        /// The name of its id in the audit.
        fileprivate var identifier: String { "\(self.rawValue)_id" }
    }

    /// One thing that the workbench has made.
    package struct Making: Sendable, Equatable {
        /// What it is.
        package let thing: Thing
        /// Its kind.
        package let kind: Kind
        /// Its id on the workbench.
        package let id: String
        /// When it was made, in milliseconds since 1970.
        package let at: Int64
        /// Whether the call was applied after its client had got an answer or none: the fault `apply-late`.
        package let isLate: Bool
        /// Mark of the rollout that it was made for, `slipway:` and the rollout's id; `nil` where it carries none.
        package let marker: String?
        /// Run of a version.
        package let runID: String?
        /// Version of a build.
        package let versionID: String?
        /// Build of a deployment.
        package let buildID: String?
        /// Model of a build or deployment.
        package let modelID: String?
    }

    /// Everything made, in order.
    package private(set) var makings: [Making] = []

    /// An empty ledger.
    package init() {}

    /// Reads an audit, one object of JSON a line.
    ///
    /// - Throws: `TallyFailure` for a line that is none.
    package init(lines: [UInt8]) throws(TallyFailure) {
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            do {
                self.add(try JSONValue(parsing: Array(line)))
            } catch {
                throw TallyFailure(description: "the sandbox's audit has a line that is not JSON: \(error)")
            }
        }
    }

    /// How often each thing was made.
    var made: [Thing: Int] { self.makings.reduce(into: [:]) { $0[$1.thing, default: 0] += 1 } }

    /// Ids of the deployments made.
    var deploymentIDs: Set<String> { Set(self.makings.filter { $0.kind == .deployment }.map(\.id)) }

    /// What was made more than once.
    var duplicates: [Thing] { self.made.filter { $0.value > 1 }.keys.sorted() }

    /// How many were made too many.
    var surplus: Int { self.made.values.reduce(0) { $0 + $1 - 1 } }

    private mutating func add(_ line: JSONValue) {
        guard line["applied"] == .bool(true), let operation = line["operation"]?.text,
            let kind = Kind(madeBy: operation), let mark = AuditLedger.mark(of: kind, line)
        else { return }
        let (ids, markers) = (line["ids"], line["markers"])
        self.makings.append(
            Making(
                thing: Thing(operation: operation, mark: mark),
                kind: kind,
                id: ids?[kind.identifier]?.text ?? "",
                at: (line["at"]?.text.flatMap { WallTime(rfc3339: $0) }?.microseconds ?? 0) / 1_000,
                isLate: line["fault"]?.text == FaultRule.Kind.applyLate.rawValue,
                marker: AuditLedger.marker(of: kind, markers),
                runID: markers?["run_id"]?.text,
                versionID: markers?["registered_model_version_id"]?.text,
                buildID: kind == .deployment ? ids?["build_id"]?.text : nil,
                modelID: kind == .build || kind == .deployment ? ids?["model_id"]?.text : nil
            )
        )
    }

    /// What tells the thing from others of its kind; `nil` for a build without a comment.
    private static func mark(of kind: Kind, _ line: JSONValue) -> String? {
        let path = line["path"]?.text ?? ""
        let markers = line["markers"]
        switch kind {
        case .version: return "\(markers?["model_name"]?.text ?? "") of run \(markers?["run_id"]?.text ?? "")"
        case .model: return "\(path) \(markers?["name"]?.text ?? "")"
        case .build: return self.rolloutMarker(in: markers?["comment"]?.text ?? "")
        // The path names the build.
        case .deployment: return path
        }
    }

    private static func marker(of kind: Kind, _ markers: JSONValue?) -> String? {
        switch kind {
        case .version: markers?["tags"]?.elements?.first { $0["key"]?.text == "slipway.rollout" }?["value"]?.text
        case .build: self.rolloutMarker(in: markers?["comment"]?.text ?? "")
        case .model, .deployment: nil
        }
    }

    /// The worker's mark in a comment, which ends it; the whole comment where there is none.
    private static func rolloutMarker(in comment: String) -> String {
        comment.split(separator: " ").last { $0.hasPrefix("slipway:") }.map(String.init) ?? comment
    }
}
