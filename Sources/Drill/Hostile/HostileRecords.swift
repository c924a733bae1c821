// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Values

/// Makes the records of a hostile drill: those of honest teams, and those of the tenant.
struct HostileRecords: Sendable {
    let plan: HostilePlan
    let topics: DrillTopics
    /// What the workers call the workbench in identities; anybody who reads a status knows it.
    let workbench: String

    /// An image that no workbench has.
    static let foreignRuntime = "registry.example/backdoor:latest"
    /// A variable that would load code into a model.
    static let foreignVariable = "LD_PRELOAD"

    // MARK: Honest

    /// The event of an honest run.
    func honest(_ event: HostilePlan.HonestEvent) -> RunFinishedEvent {
        let run = self.plan.runs[event.run]
        return RunFinishedEvent(
            source: "/\(run.project.name)",
            id: run.id,
            time: nil,
            data: RunFinishedData(
                run: RunReference(projectID: run.project.id, experimentID: run.experimentID, runID: run.id),
                status: "FINISHED",
                model: RunFinishedData.ModelWish(name: run.model)
            ),
            origin: Origin(topic: self.topics.events, partition: 0, offset: 0)
        )
    }

    // MARK: Hostile

    /// The record of an attack.
    func hostile(_ event: HostilePlan.HostileEvent) -> ProducerRecord {
        let victim = self.plan.honest[event.victim]
        let team = self.plan.runs[victim.run]
        var fields = Fields(run: self.plan.tenantRuns[0], model: "\(HostilePlan.tenantPrefix)\(event.number)")
        switch event.attack {
        case .contradictoryProject, .contradictoryExperiment, .foreignProject, .foreignRun, .bystanderRun,
            .foreignModelName, .foreignTemplateName, .runningFirst:
            self.foreign(event, &fields, team)
        case .nameOnly, .newestRun, .noProject, .renamedProject, .sharedRegistryName, .busyModel:
            self.named(event, &fields, team)
        case .forgedMark, .hugeSizes, .foreignEnvironment, .foreignRuntime, .escapingPath, .terminalText, .largeEvent:
            self.wish(event, &fields, team)
        case .copiedRecord: return EventEncoder.record(self.honest(victim), topic: self.tenantTopic)
        case .forgedForwarding, .forgedMove, .forgedCommand, .forgedReplay:
            return self.forged(event, fields, team)
        case .slowModel: break
        case .damagedEnvelope, .doubledHeader, .wrongPrefix, .brokenText, .deepJSON, .hugeNumber, .doubledField,
            .truncated, .tombstone, .emptyValue, .manyHeaders, .hugeKey, .bomb:
            return self.damaged(event, fields)
        }
        return self.record(event, fields.json)
    }

    /// Asks for what is a team's.
    private func foreign(_ event: HostilePlan.HostileEvent, _ fields: inout Fields, _ team: HostilePlan.Run) {
        switch event.attack {
        case .contradictoryProject:
            let isOwn = event.number.isMultiple(of: 2)
            fields["projectName"] = isOwn ? team.project.name : HostilePlan.tenant.name
            if !isOwn { fields.take(team) }
        case .contradictoryExperiment:
            fields["experimentName"] = team.experimentName
        case .foreignProject: fields.take(team)
        case .foreignRun:
            fields["experimentId"] = team.experimentID
            fields["runId"] = team.id
        case .bystanderRun: fields.take(self.plan.bystanderRun)
        case .foreignModelName: fields.model["name"] = .string(team.model)
        case .foreignTemplateName:
            fields["experimentName"] = team.experimentName
            fields["experimentId"] = nil
            fields.model = [:]
        default:
            fields.take(team)
            fields.model["name"] = .string(team.model)
            fields["status"] = "RUNNING"
        }
    }

    /// Names its run in another way, or more of one model than may be.
    private func named(_ event: HostilePlan.HostileEvent, _ fields: inout Fields, _ team: HostilePlan.Run) {
        let isOwn = event.number.isMultiple(of: 2)
        switch event.attack {
        case .nameOnly: fields.takeNames(isOwn ? self.plan.tenantRuns[0] : team)
        case .newestRun:
            if !isOwn { fields.take(team) }
            fields["runId"] = nil
        case .noProject: fields["projectId"] = nil
        case .renamedProject:
            fields["projectId"] = nil
            fields["projectName"] = team.project.name
        case .sharedRegistryName:
            // Every second deploys the model as the tenant may: of a model that is live a worker may think that it knows whose
            // its registered name is.
            if isOwn, let index = HostilePlan.teams.firstIndex(of: team.project) {
                fields.take(self.plan.sharingRuns[index])
            }
            fields.model["name"] = .string(String(team.model.dropFirst(HostilePlan.teamPrefix.count)))
        default:
            fields.take(self.plan.tenantRuns[event.number])
            fields.model["name"] = .string(self.plan.tenantRuns[event.number].model)
        }
    }

    /// Wishes for more than the route allows.
    private func wish(_ event: HostilePlan.HostileEvent, _ fields: inout Fields, _ team: HostilePlan.Run) {
        switch event.attack {
        case .forgedMark:
            let id = RolloutID(of: self.honest(self.plan.honest[event.victim]), workspace: self.workbench)
            fields.build = ["comment": .string("slipway:\(id)")]
        case .hugeSizes:
            fields.deployment = ["cpu": .integer(1_000_000), "memoryGB": .integer(4_096), "replicas": .integer(9_000)]
        case .foreignEnvironment:
            fields.deployment = ["environment": .object([.init(Self.foreignVariable, .string("/tmp/evil.so"))])]
        case .foreignRuntime: fields.build = ["runtime": .string(Self.foreignRuntime)]
        case .escapingPath:
            // One begins as the folder does that the run has.
            let start = event.number.isMultiple(of: 2) ? "" : "\(HostilePlan.artifactPath)/../"
            fields.model["artifactPath"] = .string("\(start)../../\(team.id)/\(HostilePlan.artifactPath)")
        case .terminalText:
            let text = "\u{9B}2J\u{202E}gnp.\u{1B}]0;owned\u{7}"
            switch event.number % 3 {
            case 0: fields.model["description"] = .string(text)
            case 1: fields.model["name"] = .string(text)
            default: fields[text] = text
            }
        default: fields.model["description"] = .string(String(repeating: "x", count: 500_000))
        }
    }

    var tenantTopic: String { self.topics.tenant ?? "" }

    /// Attributes of an event of the tenant's.
    private func headers(_ event: HostilePlan.HostileEvent) -> [RecordHeader] {
        [
            RecordHeader("ce_specversion", "1.0"), RecordHeader("ce_type", RunFinishedEvent.type),
            RecordHeader("ce_source", "/tenant"), RecordHeader("ce_id", "\(event.attack.rawValue)-\(event.number)"),
            RecordHeader("content-type", "application/json"),
        ]
    }

    private func record(_ event: HostilePlan.HostileEvent, _ value: [UInt8]?) -> ProducerRecord {
        // Every third has no key.
        let key = event.number.isMultiple(of: 3) ? nil : Array("tenant-\(event.number)".utf8)
        return ProducerRecord(topic: self.tenantTopic, key: key, value: value, headers: self.headers(event))
    }

    /// Plays a worker or an operator.
    private func forged(
        _ event: HostilePlan.HostileEvent,
        _ fields: Fields,
        _ team: HostilePlan.Run
    ) -> ProducerRecord {
        var fields = fields
        fields.take(team)
        fields.model["name"] = .string(team.model)
        var record = self.record(event, fields.json)
        let place = [
            RecordHeader("slipway_origin_topic", self.topics.events), RecordHeader("slipway_origin_partition", "0"),
            RecordHeader("slipway_origin_offset", "\(event.victim)"), RecordHeader("slipway_hops", "1"),
            RecordHeader("slipway_forwarded", "1"),
        ]
        switch event.attack {
        case .forgedForwarding: record.headers += place
        case .forgedMove: record.headers += place + [RecordHeader("slipway_moved", "3")]
        case .forgedCommand:
            record.headers.removeAll { $0.name == "ce_type" }
            record.headers.append(RecordHeader("ce_type", "dev.slipway.command.replay.v1"))
        default:
            record.headers += [
                RecordHeader("ce_slipwayreplayid", "again-\(event.number)"),
                RecordHeader("ce_slipwayreplayreason", "an operator wants it"),
                RecordHeader("ce_slipwayallowrollback", "true"),
            ]
        }
        return record
    }

    /// What nobody can understand, or only with too much work.
    private func damaged(_ event: HostilePlan.HostileEvent, _ fields: Fields) -> ProducerRecord {
        var record = self.record(event, fields.json)
        let text = String(decoding: fields.json, as: UTF8.self)
        switch event.attack {
        case .damagedEnvelope:
            let name = ["ce_specversion", "ce_type", "ce_source", "ce_id", "content-type"][event.number % 5]
            record.headers.removeAll { $0.name == name }
            if event.number.isMultiple(of: 2) { record.headers.append(RecordHeader(name, "9.9; ?")) }
        case .doubledHeader: record.headers.append(RecordHeader("CE_ID", "another"))
        case .wrongPrefix: record.headers = record.headers.map { .init("ce-\($0.name.dropFirst(3))", $0.value) }
        case .brokenText:
            record.value = fields.json.dropLast() + Array(#","x":""#.utf8) + [0xC3, 0x28, 0xFF] + Array(#""}"#.utf8)
        case .deepJSON:
            record.value =
                Array(String(repeating: "[", count: 1_000).utf8) + Array(String(repeating: "]", count: 1_000).utf8)
        case .hugeNumber:
            let digits = event.number.isMultiple(of: 2) ? "1e99999" : "-" + String(repeating: "9", count: 5_000)
            record.value = Array((text.dropLast() + #","deployment":{"cpu":\#(digits)}}"#).utf8)
        case .doubledField: record.value = Array((text.dropLast() + #","runId":"another"}"#).utf8)
        case .truncated: record.value = Array(fields.json.prefix(fields.json.count / 2))
        case .tombstone: record.value = nil
        case .emptyValue: (record.key, record.value) = ([], [])
        case .manyHeaders: record.headers += (0..<2_000).map { RecordHeader("x-\($0)", "y") }
        case .hugeKey: record.key = Array(repeating: UInt8(ascii: "k"), count: 500_000)
        default: record.value = Array(repeating: 0, count: 8 << 20)
        }
        return record
    }

    /// The members of an event's data.
    private struct Fields {
        private var members: [(name: String, value: JSONValue)]
        var model: [String: JSONValue]
        var build: [String: JSONValue] = [:]
        var deployment: [String: JSONValue] = [:]

        init(run: HostilePlan.Run, model: String) {
            self.members = []
            self.model = ["name": .string(model)]
            self.take(run)
            self["status"] = "FINISHED"
        }

        subscript(name: String) -> String? {
            get { self.members.first { $0.name == name }?.value.text }
            set {
                self.members.removeAll { $0.name == name }
                if let newValue { self.members.append((name, .string(newValue))) }
            }
        }

        /// Names a run's project and experiment by their names alone.
        mutating func takeNames(_ run: HostilePlan.Run) {
            self["projectId"] = nil
            self["experimentId"] = nil
            self["projectName"] = run.project.name
            self["experimentName"] = run.experimentName
            self["runId"] = run.id
        }

        /// Names a run by its ids.
        mutating func take(_ run: HostilePlan.Run) {
            self["projectId"] = run.project.id
            self["experimentId"] = run.experimentID
            self["runId"] = run.id
        }

        var json: [UInt8] {
            JSONWriter.object { writer in
                for member in self.members { writer.field(named: member.name) { $0.value(member.value) } }
                for (name, parts) in [("model", self.model), ("build", self.build), ("deployment", self.deployment)]
                where !parts.isEmpty {
                    writer.field(named: name) { writer in
                        writer.value(.object(parts.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }))
                    }
                }
            }
        }
    }
}
