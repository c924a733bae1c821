// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values
package import WorkbenchSandbox

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

        /// The kind that an operation makes; `nil` if it makes none of them.
        fileprivate init?(madeBy operation: Operation) {
            guard let kind = Kind.allCases.first(where: { $0.operation == operation }) else { return nil }
            self = kind
        }

        /// The operation that makes it.
        private var operation: Operation {
            switch self {
            case .version: .createRegisteredModel
            case .model: .createModel
            case .build: .createBuild
            case .deployment: .createDeployment
            }
        }

        /// What its ids are called in the audit.
        fileprivate var object: ObjectID.Kind {
            switch self {
            case .version: .version
            case .model: .model
            case .build: .build
            case .deployment: .deployment
            }
        }
    }

    /// One thing that the workbench has made.
    package struct Making: Sendable, Equatable {
        /// What it is.
        package let thing: Thing
        /// Its kind.
        package let kind: Kind
        /// Its id on the workbench.
        package let id: String
        /// When it was made.
        package let at: Timestamp
        /// Whether the call was applied after its client had got an answer or none: the fault `apply-late`.
        package let isLate: Bool
        /// Whether a gateway had sent the call on twice: the fault `twice`.
        package let isTwin: Bool
        /// Whether the client got to hear that it was made.
        package let isAnswered: Bool
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

    /// Takes an audit as a sandbox in process has it.
    package init(_ entries: some Sequence<AuditEntry>) {
        for entry in entries { self.add(entry) }
    }

    /// Reads an audit, one object of JSON a line.
    ///
    /// - Throws: `TallyFailure` for a line that is none.
    package init(lines: [UInt8]) throws(TallyFailure) {
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            do {
                self.add(AuditEntry(line: try JSONValue(parsing: Array(line))))
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

    private mutating func add(_ entry: AuditEntry) {
        guard entry.isApplied, let operation = entry.operation, let kind = Kind(madeBy: operation),
            let mark = AuditLedger.mark(of: kind, entry)
        else { return }
        self.makings.append(
            Making(
                thing: Thing(operation: operation.rawValue, mark: mark),
                kind: kind,
                id: entry.id(of: kind.object) ?? "",
                at: entry.at,
                isLate: entry.fault == .applyLate,
                isTwin: entry.fault == .twice,
                isAnswered: entry.status == 200,
                marker: AuditLedger.marker(of: kind, entry),
                runID: entry.marker(.runID),
                versionID: entry.marker(.versionID),
                buildID: kind == .deployment ? entry.id(of: .build) : nil,
                modelID: kind == .build || kind == .deployment ? entry.id(of: .model) : nil
            )
        )
    }

    /// What tells the thing from others of its kind; `nil` for a build without a comment.
    private static func mark(of kind: Kind, _ entry: AuditEntry) -> String? {
        switch kind {
        case .version: "\(entry.marker(.modelName) ?? "") of run \(entry.marker(.runID) ?? "")"
        case .model: "\(entry.path) \(entry.marker(.name) ?? "")"
        case .build: self.rolloutMarker(in: entry.marker(.comment) ?? "")
        // The path names the build.
        case .deployment: entry.path
        }
    }

    private static func marker(of kind: Kind, _ entry: AuditEntry) -> String? {
        switch kind {
        case .version: entry.tag("slipway.rollout").map(self.rolloutMarker)
        case .build: self.rolloutMarker(in: entry.marker(.comment) ?? "")
        case .model, .deployment: nil
        }
    }

    /// The worker's mark at the beginning of a text, without its random part: two of one rollout are two of one thing.
    private static func rolloutMarker(in text: String) -> String {
        guard text.hasPrefix("slipway:") else { return text }
        return String(text.prefix { $0 != " " && $0 != "." })
    }
}
