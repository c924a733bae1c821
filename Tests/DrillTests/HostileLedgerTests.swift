// SPDX-License-Identifier: Apache-2.0

import JSON
import SandboxPrograms
import Testing
import Values
import WorkbenchSandbox

@testable import Drill

/// Every column of the hostile ledger is 0 for a drill that went well, and is seen otherwise once one thing is wrong.
@Suite("The hostile ledger")
struct HostileLedgerTests {
    private typealias Column = HostileLedger.Column

    /// The columns that are wrong.
    private func wrong(_ crafted: CraftedHostility) throws -> Set<Column> {
        let ledger = HostileLedger(try crafted.observations())
        #expect(ledger.isClean == Column.allCases.allSatisfy { ledger.count($0) == 0 })
        return Set(Column.allCases.filter { ledger.count($0) > 0 })
    }

    @Test func whatWentWellIsClean() throws {
        let crafted = CraftedHostility()
        #expect(try self.wrong(crafted) == [])
        let ledger = HostileLedger(try crafted.observations())
        #expect(ledger.counts.honest == 4 && ledger.counts.honestDeployed == 4 && ledger.counts.objects == 15)
        #expect(ledger.bound == .seconds(10))
        #expect(ledger.table().last == "clean")
    }

    @Test func anotherProjectsModelIsOutside() throws {
        var crafted = CraftedHostility()
        crafted.make("CreateModel", ["project_id": HostilePlan.teams[0].id, "model_id": "x"], ["name": "tenant-1"])
        #expect(try self.wrong(crafted) == [.outside])
        crafted = CraftedHostility()
        crafted.make("CreateModel", ["project_id": HostilePlan.bystander.id, "model_id": "x"], ["name": "tenant-1"])
        #expect(try self.wrong(crafted) == [.outside])
    }

    @Test(arguments: ["team-0", "team-one-team-0", "tenant-experiment-team-0"])
    func aTeamsNameForTheTenantsRunIsOutside(name: String) throws {
        var crafted = CraftedHostility()
        crafted.make(
            "CreateRegisteredModel",
            ["version_id": "x"],
            ["run_id": HostilePlan.tenantRunID, "model_name": name, "model_path": "artifacts"]
        )
        #expect(try self.wrong(crafted) == [.outside])
    }

    @Test func moreOfOneModelThanMayBeginIsBeyondTheQuota() throws {
        var crafted = CraftedHostility()
        let ids = ["project_id": HostilePlan.tenant.id, "model_id": "m-tenant-0"]
        for number in 1...HostileRoutes.perModelPerHour {
            let made = ids.merging(["build_id": "x\(number)"]) { $1 }
            crafted.make("CreateModelBuild", made, ["registered_model_version_id": "v-tenant-0"])
            #expect(try self.wrong(crafted) == [])
        }
        crafted.make(
            "CreateModelBuild",
            ids.merging(["build_id": "y"]) { $1 },
            ["registered_model_version_id": "v-tenant-0"]
        )
        #expect(try self.wrong(crafted) == [.overQuota])
    }

    /// One worker, so that nothing is added for what others pass on.
    @Test func moreAtATimeThanMayBeUnderWayIsBeyondTheQuota() throws {
        var crafted = CraftedHostility()
        for number in 0..<Int64(HostileRoutes.underWay) { crafted.begin(number, at: 200_000, seconds: 60) }
        // These come when those have ended.
        for number in 100..<110 { crafted.begin(Int64(number), at: 260_000, seconds: 60) }
        #expect(try self.wrong(crafted) == [])
        #expect(HostileLedger(try crafted.observations()).highestUnderWay == HostileRoutes.underWay)
        crafted.begin(200, at: 220_000, seconds: 1)
        #expect(try self.wrong(crafted) == [.overQuota])
        // Who takes over what a killed worker had has more for a while.
        crafted.killedAt = 215_000
        #expect(try self.wrong(crafted) == [])
    }

    @Test func aTextThatDrivesTerminalsIsSeen() throws {
        var crafted = CraftedHostility()
        crafted.unescaped = ["status at partition 0, offset 0"]
        #expect(try self.wrong(crafted) == [.unescaped])
        #expect(!TerminalText.drives(Array("{\"a\":\"\\u009b\\u202e é ü … €\"}\n".utf8)))
        for text in ["\u{1B}", "\u{9B}", "\u{7F}", "\u{202E}", "\u{200F}", "\u{2066}", "a\tb"] {
            #expect(TerminalText.lines(of: Array("a\n\(text)2J".utf8), named: "log") == ["log, line 2"])
        }
    }

    /// A rollout of a killed worker may take longer by the time that passes until another one has taken it over.
    @Test func whatAKilledWorkerHadMayTakeLonger() throws {
        var crafted = CraftedHostility()
        crafted.statuses[3].seconds = 25
        #expect(try self.wrong(crafted) == [.delayed])
        crafted.killedAt = 61_000
        #expect(try self.wrong(crafted) == [])
        crafted.killedAt = 30_000
        #expect(try self.wrong(crafted) == [.delayed])
    }

    @Test func aTeamsRunInTheTenantsProjectIsOutside() throws {
        var crafted = CraftedHostility()
        crafted.make(
            "CreateModelBuild",
            ["project_id": HostilePlan.tenant.id, "model_id": "m-tenant-0", "build_id": "x"],
            ["registered_model_version_id": "v-honest-0"]
        )
        #expect(try self.wrong(crafted) == [.outside])
    }

    @Test func theTenantsRunUnderATeamsModelIsOutsideAndDisplaces() throws {
        var crafted = CraftedHostility()
        let ids = ["project_id": HostilePlan.teams[0].id, "model_id": "m-team-0", "build_id": "x"]
        crafted.make("CreateModelBuild", ids, ["registered_model_version_id": "v-tenant-0"])
        crafted.make("CreateModelDeployment", ids.merging(["deployment_id": "y"]) { $1 }, [:])
        #expect(try self.wrong(crafted) == [.outside, .displaced])
    }

    @Test func anImageOrAVariableThatNobodyAllowsIsOutside() throws {
        var crafted = CraftedHostility()
        let ids = ["project_id": HostilePlan.tenant.id, "model_id": "m-tenant-0", "build_id": "x"]
        crafted.make(
            "CreateModelBuild",
            ids,
            ["registered_model_version_id": "v-tenant-0", "runtime_identifier": HostileRecords.foreignRuntime]
        )
        #expect(try self.wrong(crafted) == [.outside])
        crafted = CraftedHostility()
        crafted.make("CreateModelDeployment", ids, [:], environment: [HostileRecords.foreignVariable: "/tmp/evil.so"])
        #expect(try self.wrong(crafted) == [.outside])
    }

    @Test(arguments: [("cpu", 2.5), ("memory", 9), ("nvidia_gpus", 1), ("replicas", 2)])
    func aSizeBeyondTheLimitIsOutside(size: String, number: Double) throws {
        let ids = ["project_id": HostilePlan.tenant.id, "model_id": "m-tenant-0", "deployment_id": "x"]
        var crafted = CraftedHostility()
        crafted.make(
            "CreateModelDeployment",
            ids,
            [:],
            sizes: ["cpu": 2, "memory": 8, "nvidia_gpus": 0, "replicas": 1]
        )
        #expect(try self.wrong(crafted) == [])
        crafted.make("CreateModelDeployment", ids, [:], sizes: [size: number])
        #expect(try self.wrong(crafted) == [.outside])
    }

    @Test func filesBeyondTheModelsFolderAreOutside() throws {
        var crafted = CraftedHostility()
        crafted.make(
            "CreateRegisteredModel",
            ["version_id": "x"],
            [
                "run_id": HostilePlan.tenantRunID, "model_name": "tenant-experiment-tenant-0",
                "model_path": "../../honest-0/artifacts",
            ]
        )
        #expect(try self.wrong(crafted) == [.outside])
    }

    /// Paths of the registry name no project: whose a version is, its id says.
    @Test(arguments: ["DeleteRegisteredModelVersion", "UpdateRegisteredModelVersion", "DeleteRegisteredModel"])
    func aVersionOfATeamThatIsChangedIsDisplaced(operation: String) throws {
        func ids(_ owner: String) -> [String: String] {
            let model = ["registered_model_id": "r-\(owner)"]
            return operation == "DeleteRegisteredModel" ? model : model.merging(["version_id": "v-\(owner)-0"]) { $1 }
        }
        var crafted = CraftedHostility()
        crafted.make(operation, ids("tenant"), [:])
        #expect(try self.wrong(crafted) == [])
        crafted.make(operation, ids("honest"), [:])
        #expect(try self.wrong(crafted) == [.displaced])
    }

    @Test func anOlderRunThatServesAgainIsDisplaced() throws {
        var crafted = CraftedHostility()
        crafted.deploy("honest-0", "team-0", HostilePlan.teams[0].id)
        // Made twice, too.
        #expect(try self.wrong(crafted) == [.outside, .displaced])
    }

    @Test func aStoppedDeploymentOfATeamIsDisplaced() throws {
        var crafted = CraftedHostility()
        crafted.make("StopModelDeployment", ["project_id": HostilePlan.teams[0].id, "deployment_id": "d"], [:])
        #expect(try self.wrong(crafted) == [.displaced])
    }

    @Test(arguments: ["failed", "skipped", "superseded"])
    func anHonestEventThatEndsOtherwiseIsSuppressed(phase: String) throws {
        var crafted = CraftedHostility()
        crafted.statuses[3].phases = ["accepted", phase]
        #expect(try self.wrong(crafted) == [.suppressed])
    }

    @Test func anHonestEventOfWhichNothingBecomesIsSuppressed() throws {
        var crafted = CraftedHostility()
        crafted.statuses.remove(at: 3)
        #expect(try self.wrong(crafted) == [.suppressed])
        crafted.deadLetters.insert(crafted.honest[3].place)
        #expect(try self.wrong(crafted) == [.suppressed])
    }

    @Test func anHonestRolloutThatDoesNotEndIsStuck() throws {
        var crafted = CraftedHostility()
        crafted.statuses[3].phases = ["accepted", "building"]
        #expect(try self.wrong(crafted) == [.stuck])
    }

    @Test func anHonestRolloutBeyondTheBoundIsDelayed() throws {
        var crafted = CraftedHostility()
        crafted.statuses[3].seconds = 10
        #expect(try self.wrong(crafted) == [])
        crafted.statuses[3].seconds = 11
        #expect(try self.wrong(crafted) == [.delayed])
    }

    @Test func withoutAUsualTimeNothingIsProven() throws {
        var crafted = CraftedHostility()
        for index in crafted.honest.indices { crafted.honest[index].isCalm = false }
        #expect(try self.wrong(crafted) == [.delayed])
    }

    @Test func aRecordOfTheTenantsThatBecomesNothingIsLost() throws {
        var crafted = CraftedHostility()
        let places = crafted.tenant.prefix(2).map(\.place)
        crafted.deadLetters.subtract(places)
        #expect(try self.wrong(crafted) == [.lost])
        // Of the same event one answer is enough.
        crafted.deadLetters.insert(places[1])
        crafted.tenant[0].identity = crafted.tenant[1].identity
        #expect(try self.wrong(crafted) == [])
    }

    /// A tenant of whom brokers took nothing has tried nothing.
    @Test func anAttackThatNobodyHeardIsSeen() throws {
        var crafted = CraftedHostility()
        crafted.tenant = []
        crafted.deadLetters = []
        var seen = try crafted.observations()
        seen.refused = ["_MSG_TIMED_OUT": 1_650]
        seen.isConfined = true
        let ledger = HostileLedger(seen)
        #expect(ledger.count(.unheard) == HostileAttack.allCases.count - 1 && ledger.counts.refused == 1_650)
        #expect(try self.wrong(crafted) == [.unheard])
        // Brokers have to refuse a bomb, and nothing else.
        let clean = try HostileAttack.allCases.filter { attack in
            crafted = CraftedHostility()
            crafted.tenant.removeAll { $0.attack == attack }
            return try self.wrong(crafted) != [.unheard]
        }
        #expect(clean == [.bomb])
    }

    @Test(arguments: [["accepted"], ["accepted", "building"], ["accepted", "waiting"]])
    func aRolloutOfTheTenantsThatDoesNotEndIsStuck(phases: [String]) throws {
        var crafted = CraftedHostility()
        crafted.add(phases, of: .slowModel, model: "tenant-7")
        #expect(try self.wrong(crafted) == [.stuck])
    }

    /// As many of the model have begun as may in an hour: no drill lasts that long.
    @Test func whatWaitsForItsModelsHourIsNotStuck() throws {
        let model = "tenant-busy"
        let (waits, hour) = (["accepted", "waiting"], "3 of the model have begun in an hour (perModelPerHour)")
        var crafted = CraftedHostility()
        for _ in 1..<HostileRoutes.perModelPerHour {
            crafted.add(["accepted", "registering", "deployed"], of: .busyModel, model: model)
        }
        crafted.add(waits, of: .busyModel, model: model, cause: ("quota", hour))
        crafted.add(["accepted", "queued"], of: .busyModel, model: model)
        // There is room for it.
        #expect(HostileLedger(try crafted.observations()).count(.stuck) == 2)
        // What has failed before it was at work may have begun.
        crafted.add(["accepted", "failed"], of: .busyModel, model: model)
        #expect(try self.wrong(crafted) == [])
        // In another lane nobody waits for an hour.
        crafted.add(["accepted", "queued"], of: .busyModel, model: "tenant-other")
        #expect(HostileLedger(try crafted.observations()).count(.stuck) == 1)
    }

    /// Of a model that has had its hour, too.
    @Test(
        arguments: [
            ("waiting", "quota", "route 'tenant' has as many rollouts at work (underWay: 60)"),
            ("waiting", "unavailable", "perModelPerHour"), ("building", "quota", "perModelPerHour"),
        ]
    )
    func whatWaitsForSomethingElseIsStuck(phase: String, cause: String, message: String) throws {
        var crafted = CraftedHostility()
        for _ in 0..<HostileRoutes.perModelPerHour {
            crafted.add(["accepted", "registering", "deployed"], of: .busyModel, model: "tenant-busy")
        }
        crafted.add(["accepted", phase], of: .busyModel, model: "tenant-busy", cause: (cause, message))
        #expect(try self.wrong(crafted) == [.stuck])
    }

    /// What a killed worker has left is taken up all at once, and then the newer of two runs may be found first: it wins.
    @Test func anHonestRunMayGiveWayToANewerOneWhileAKilledWorkersPartitionsAreTakenOver() throws {
        var crafted = CraftedHostility()
        crafted.statuses[2].phases = ["accepted", "superseded"]
        #expect(try self.wrong(crafted) == [.suppressed])
        crafted.killedAt = 41_000
        #expect(try self.wrong(crafted) == [])
        // It had ended before.
        crafted.killedAt = 46_000
        #expect(try self.wrong(crafted) == [.suppressed])
        // None is newer.
        crafted.killedAt = 61_000
        crafted.statuses[2].phases = ["accepted", "deployed"]
        crafted.statuses[3].phases = ["accepted", "superseded"]
        #expect(try self.wrong(crafted) == [.suppressed])
    }

    @Test func aWorkerThatEndsIsSeen() throws {
        var crafted = CraftedHostility()
        crafted.unexpectedEnds = ["worker 0 ended by itself"]
        #expect(try self.wrong(crafted) == [.unexpectedEnds])
    }
}

/// A small hostile drill in which everything went well; tests spoil one thing each.
private struct CraftedHostility {
    struct Status {
        var phases: [String]
        var place: RolloutLedger.EventPlace
        var sentAt: Int64
        var seconds: Int64
        /// Seconds until its first status; `nil` for as late as its last.
        var acceptedAfter: Int64?
        /// Its model; `nil` where no status names it.
        var model: String?
        /// Class and message of why it waits or has ended, in its last status; `nil` for none.
        var cause: (class: String, message: String)?
    }

    var honest: [HostileObservations.Honest] = []
    var tenant: [HostileObservations.Sent] = []
    var statuses: [Status] = []
    var deadLetters: Set<RolloutLedger.EventPlace> = []
    var unexpectedEnds: [String] = []
    var unescaped: [String] = []
    var killedAt: Int64?
    private var audit: [String] = []

    init() {
        for number in 0..<4 {
            let project = HostilePlan.teams[0]
            let run = HostilePlan.Run(
                id: "honest-\(number)",
                project: project,
                experimentID: "e",
                experimentName: "e",
                model: "team-0",
                start: wall(Int64(number))
            )
            let place = RolloutLedger.EventPlace(topic: "teams", partition: 0, offset: Int64(number))
            let sentAt = Int64(number) * 20_000
            self.honest.append(.init(run: run, place: place, sentAt: wall(sentAt), isCalm: number < 2))
            self.statuses.append(Status(phases: ["accepted", "deployed"], place: place, sentAt: sentAt, seconds: 5))
            if number == 0 {
                self.make("CreateModel", ["project_id": project.id, "model_id": "m-team-0"], ["name": "team-0"])
            }
            self.make(
                "CreateRegisteredModel",
                ["version_id": "v-\(run.id)", "registered_model_id": "r-honest"],
                ["run_id": run.id, "model_name": "team-one-team-0", "model_path": "artifacts"]
            )
            self.deploy(run.id, "team-0", project.id)
        }
        // The tenant's own model, too; and records that nobody can understand, one at least of each kind that brokers take.
        let own = ["project_id": HostilePlan.tenant.id, "model_id": "m-tenant-0"]
        self.make("CreateModel", own, ["name": "tenant-0"])
        let version = [
            "run_id": HostilePlan.tenantRunID, "model_name": "tenant-experiment-tenant-0", "model_path": "artifacts",
        ]
        self.make("CreateRegisteredModel", ["version_id": "v-tenant-0", "registered_model_id": "r-tenant"], version)
        self.make("DeleteModel", own, [:])
        let kinds = [HostileAttack.truncated] + HostileAttack.allCases.filter { $0 != .bomb }
        for attack in kinds { self.deadLetters.insert(self.send(attack)) }
    }

    /// A record of the tenant's is taken by a broker.
    private mutating func send(_ attack: HostileAttack) -> RolloutLedger.EventPlace {
        let number = self.tenant.count
        let place = RolloutLedger.EventPlace(topic: "tenant", partition: 0, offset: Int64(number))
        self.tenant.append(.init(place: place, attack: attack, identity: "\(attack.rawValue) \(number)"))
        return place
    }

    /// A record of the tenant's becomes a rollout, which is heard of until now.
    mutating func add(
        _ phases: [String],
        of attack: HostileAttack,
        model: String,
        cause: (class: String, message: String)? = nil
    ) {
        let place = self.send(attack)
        self.statuses.append(
            Status(phases: phases, place: place, sentAt: 200_000, seconds: 1, model: model, cause: cause)
        )
    }

    /// A rollout of the tenant's that is under way for a while.
    mutating func begin(_ number: Int64, at: Int64, seconds: Int64) {
        let place = RolloutLedger.EventPlace(topic: "tenant", partition: 1, offset: number)
        self.statuses.append(
            Status(phases: ["accepted", "deployed"], place: place, sentAt: at, seconds: seconds, acceptedAfter: 0)
        )
    }

    /// A build and its deployment.
    mutating func deploy(_ run: String, _ model: String, _ project: String) {
        let ids = ["project_id": project, "model_id": "m-\(model)", "build_id": "b-\(run)"]
        self.make("CreateModelBuild", ids, ["registered_model_version_id": "v-\(run)"])
        self.make("CreateModelDeployment", ids.merging(["deployment_id": "d-\(run)"]) { $1 }, [:])
    }

    /// Something is changed on the workbench.
    mutating func make(
        _ operation: String,
        _ ids: [String: String],
        _ markers: [String: String],
        environment: [String: String] = [:],
        sizes: [String: Double] = [:]
    ) {
        let line = JSONWriter.object { writer in
            writer.field("seq", self.audit.count + 1)
            writer.field("at", "2026-01-01T00:00:00Z")
            writer.field("method", "POST")
            writer.field("path", "/api/v2/\(operation)")
            writer.field("operation", operation)
            writer.field("status", 200)
            writer.field("applied", true)
            writer.texts("ids", ids)
            writer.object("markers") { object in
                for (name, text) in markers.sorted(by: { $0.key < $1.key }) {
                    object.field(named: name) { $0.string(text) }
                }
                for (name, number) in sizes.sorted(by: { $0.key < $1.key }) {
                    object.field(named: name) { $0.double(number) }
                }
                if !environment.isEmpty { object.texts("environment", environment) }
            }
        }
        self.audit.append(String(decoding: line, as: UTF8.self))
    }

    func observations() throws -> HostileObservations {
        var seen = HostileObservations()
        seen.honest = self.honest
        seen.tenant = self.tenant
        seen.deadLetters = self.deadLetters
        seen.unexpectedEnds = self.unexpectedEnds
        seen.unescaped = self.unescaped
        seen.killedAt = self.killedAt.map { wall($0) }
        seen.audit = try self.audit.map { AuditEntry(line: try JSONValue(parsing: Array($0.utf8))) }
        for (number, status) in self.statuses.enumerated() {
            for (sequence, phase) in status.phases.enumerated() {
                let value = JSONWriter.object { writer in
                    writer.field("rolloutId", "rollout-\(number)")
                    writer.field("sequence", sequence + 1)
                    writer.field("phase", phase)
                    let seconds = sequence == 0 ? status.acceptedAfter ?? status.seconds : status.seconds
                    writer.field("time", wall(status.sentAt + seconds * 1_000).description)
                    if let model = status.model { writer.object("model") { $0.field("name", model) } }
                    if let cause = status.cause, sequence == status.phases.count - 1 {
                        writer.object("cause") { object in
                            object.field("class", cause.class)
                            object.field("message", cause.message)
                        }
                    }
                    writer.object("event") { event in
                        event.field("topic", status.place.topic)
                        event.field("partition", status.place.partition)
                        event.field("offset", status.place.offset)
                    }
                }
                _ = try seen.rollouts.add(value)
            }
        }
        return seen
    }
}
