// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values
import WorkbenchSandbox

/// What the workbench has made, from its audit.
struct Objects {
    enum Kind: String {
        case version, model, build, deployment
    }

    struct Making {
        let kind: Kind
        let id: String
        /// What is to be made once: a marker, a model's name, a build's id.
        let thing: String
        /// The rollout that it was made for; `nil` where it carries no mark.
        let rollout: RolloutID?
        let at: MonotonicTime
        /// The process that sent the call; -1 where it was applied late.
        let process: Int
        /// What went wrong with the call on purpose.
        let isLate: Bool
        let isTwin: Bool
        /// Whether the client got an answer that says it was made.
        let isAnswered: Bool
        /// Whether its process stood still between the last check and the wire.
        let isZombie: Bool
        /// The version of a build, the build of a deployment.
        let parent: String
        let model: String
    }

    private(set) var makings: [Making] = []
    private(set) var runOfVersion: [String: String] = [:]
    private(set) var versionOfBuild: [String: String] = [:]
    private(set) var rolloutOfBuild: [String: RolloutID] = [:]
    private(set) var nameOfModel: [String: String] = [:]
    private var position = 0

    /// Reads what was audited since.
    mutating func read(_ gateway: Gateway) {
        for entry in gateway.sandbox.auditEntries(from: self.position) {
            let sender = gateway.senders[self.position]
            self.position += 1
            if entry.isApplied { self.add(entry, sender) }
        }
    }

    private typealias Sender = (process: Int, at: MonotonicTime, isZombie: Bool)

    private mutating func add(_ entry: AuditEntry, _ sender: Sender) {
        switch entry.operation {
        case .createRegisteredModel:
            let id = entry.id(of: .version) ?? ""
            self.runOfVersion[id] = entry.marker(.runID) ?? ""
            let mark = entry.tag("slipway.rollout") ?? ""
            let thing = mark.isEmpty ? "\(entry.marker(.modelName) ?? "") \(entry.marker(.runID) ?? "")" : mark
            self.append(.version, id, thing, Self.rollout(in: mark), entry, sender, parent: "")
        case .createModel:
            let id = entry.id(of: .model) ?? ""
            let name = entry.marker(.name) ?? ""
            self.nameOfModel[id] = name
            self.append(.model, id, name, nil, entry, sender, parent: "")
        case .createBuild:
            let id = entry.id(of: .build) ?? ""
            let version = entry.marker(.versionID) ?? ""
            self.versionOfBuild[id] = version
            let comment = entry.marker(.comment) ?? ""
            let rollout = Self.rollout(in: comment)
            self.rolloutOfBuild[id] = rollout
            self.append(.build, id, comment.isEmpty ? id : comment, rollout, entry, sender, parent: version)
        case .createDeployment:
            let id = entry.id(of: .deployment) ?? ""
            let build = entry.id(of: .build) ?? ""
            self.append(.deployment, id, build, self.rolloutOfBuild[build], entry, sender, parent: build)
        default: break
        }
    }

    private mutating func append(
        _ kind: Kind,
        _ id: String,
        _ thing: String,
        _ rollout: RolloutID?,
        _ entry: AuditEntry,
        _ sender: Sender,
        parent: String
    ) {
        self.makings.append(
            Making(
                kind: kind,
                id: id,
                thing: "\(kind.rawValue) \(thing)",
                rollout: rollout,
                at: sender.at,
                process: sender.process,
                isLate: entry.fault == .applyLate,
                isTwin: entry.fault == .twice,
                isAnswered: entry.status == 200,
                isZombie: sender.isZombie,
                parent: parent,
                model: entry.id(of: .model) ?? ""
            )
        )
    }

    /// The rollout of the worker's mark in a text.
    private static func rollout(in text: String) -> RolloutID? {
        guard let range = text.firstRange(of: "slipway:") else { return nil }
        return RolloutID(text[range.upperBound...].prefix(32))
    }

    /// The run that a build was made of.
    func run(ofBuild build: String) -> String? { self.versionOfBuild[build].flatMap { self.runOfVersion[$0] } }
}
