// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Testing
import Values
import WorkbenchSandbox

@testable import Drill

/// A hostile drill does the same for the same seed, tries everything there is, and leaves honest teams alone at first.
@Suite("The plan of a hostile drill")
struct HostilePlanTests {
    private func plan(seed: UInt64 = 1, flood: Int = 20) -> HostilePlan {
        let drill = DrillSettings(seed: seed, bootstrapServers: "127.0.0.1:9092", workerPath: "/bin/true")
        var settings = HostileSettings(drill: drill)
        settings.flood = flood
        return HostilePlan(settings)
    }

    private func records(_ plan: HostilePlan, _ topics: DrillTopics) -> HostileRecords {
        HostileRecords(plan: plan, topics: topics, workbench: "http://127.0.0.1:1")
    }

    @Test func theSeedDecidesEverything() {
        let topics = DrillTopics(hasTenant: true)
        let (one, again, another) = (self.plan(), self.plan(), self.plan(seed: 2))
        #expect(one == again)
        #expect(one != another)
        #expect(
            one.hostile.prefix(300).map { self.records(one, topics).hostile($0) }
                == again.hostile.prefix(300).map { self.records(again, topics).hostile($0) }
        )
    }

    @Test func everythingIsTriedAndNothingBeforeItsTime() {
        let plan = self.plan()
        #expect(Set(plan.hostile.map(\.attack)) == Set(HostileAttack.allCases))
        #expect(plan.hostile.count { $0.attack == .slowModel } == 20)
        #expect(plan.hostile.allSatisfy { $0.at >= .seconds(25) })
        #expect(plan.hostile.map(\.at) == plan.hostile.map(\.at).sorted())
        // As many as tell what is usual.
        #expect(plan.honest.count(where: \.isCalm) >= 10)
        #expect(plan.honest.filter(\.isCalm).allSatisfy { $0.at < .seconds(19) })
    }

    @Test func theWorkbenchKnowsEveryRun() throws {
        let plan = self.plan()
        _ = try RecordedRuns(parsing: Array(plan.recorded.utf8))
        for run in plan.runs + plan.tenantRuns + plan.sharingRuns + [plan.bystanderRun] {
            #expect(plan.recorded.contains(run.id))
        }
    }

    /// What comes of an older run is superseded, and no quota is needed to keep it back.
    @Test func theTenantsBusyModelGetsNewerRunsEachTime() {
        let plan = self.plan()
        let busy = plan.hostile.filter { $0.attack == .busyModel }
        #expect(busy.count > HostileRoutes.perModelPerHour + 2)
        let starts = busy.map { plan.tenantRuns[$0.number].start }
        #expect(starts == starts.sorted() && Set(starts).count == starts.count)
    }

    /// The parts differ, and what they make is the same.
    @Test func thereIsAWayToATeamsRegisteredName() throws {
        let plan = self.plan()
        for run in plan.runs {
            let like = try #require(plan.sharingRuns.first { $0.experimentName.hasPrefix(run.project.name) })
            let model = run.model.dropFirst(HostilePlan.teamPrefix.count)
            #expect("\(like.experimentName)-\(model)" == HostileRoutes.registeredName(run))
            #expect(model.hasPrefix(HostilePlan.tenantPrefix))
        }
    }

    /// Every honest model's runs come in the order of their start.
    @Test func honestRunsAreNewerEachTime() {
        let runs = self.plan().runs
        for model in Set(runs.map(\.model)) {
            let starts = runs.filter { $0.model == model }.map(\.start)
            #expect(starts == starts.sorted() && Set(starts).count == starts.count)
        }
    }

    /// What the tenant sends goes to its own topic; what a team sends is an event that is understood.
    @Test func everyoneWritesToTheirOwnTopic() {
        let (plan, topics) = (self.plan(), DrillTopics(hasTenant: true))
        let records = self.records(plan, topics)
        #expect(plan.hostile.allSatisfy { records.hostile($0).topic == topics.tenant })
        #expect(plan.honest.allSatisfy { !records.honest($0).id.isEmpty })
        #expect(!topics.trusted.contains(topics.tenant ?? ""))
    }
}
