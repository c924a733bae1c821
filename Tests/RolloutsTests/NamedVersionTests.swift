// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@testable import Rollouts

/// Versions that the workbench names with the run itself: adopted by one read, and forgotten where they are of no use.
struct NamedVersionTests {
    private let gone = CallFailure(.notFound, message: "no such version", httpStatus: 404)

    private func version(_ id: String, _ progress: Progress) -> CallResult {
        .version(VersionFacts(registeredModelID: "rm", versionID: id, progress: progress, isOurs: false))
    }

    /// A rollout whose run was registered by somebody else under the names given.
    private func bench(_ names: [String] = ["model"], replay: Replay? = nil) -> Bench {
        var facts = RunFacts.sample(1)
        facts.registeredVersions = names.enumerated().map { index, name in
            RegisteredVersion(registeredModelID: "rm", versionID: "named-\(index)", modelName: name)
        }
        let bench = Bench()
        bench.accept(.sample(replay: replay))
        bench.answer(.run(facts))
        return bench
    }

    @Test(arguments: [nil, Replay(id: "again", reason: "test")])
    func aNamedVersionIsReadAndAdopted(replay: Replay?) {
        let bench = self.bench(replay: replay)
        bench.answer(self.version("named-0", .ready))
        bench.answerAll()
        #expect(bench.asked.prefix(3) == ["readRun", "readVersion", "findModel"])
        #expect(!bench.asked.contains("registerVersion"))
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.made.versionID == "named-0")
    }

    @Test func theNewestOfTheModelsNameIsTaken() {
        let bench = self.bench(["model", "model", "another"])
        let marker = RolloutState.sample().marker
        #expect(bench.calls == [.readVersion(registeredModelID: "rm", versionID: "named-1", marker: marker)])
    }

    @Test(arguments: [[], [""], ["another"]])
    func aVersionOfNoOrAnotherNameIsNone(names: [String]) {
        let bench = self.bench(names)
        #expect(bench.calls.map(\.name) == ["registerVersion"])
    }

    @Test func aNamedVersionThatFailedIsForgottenAndTheRunRegistered() {
        let bench = self.bench()
        bench.answer(self.version("named-0", .failed("no artifacts")))
        #expect(bench.calls.map(\.name) == ["registerVersion"])
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.made.versionID == "v")
    }

    @Test func aNamedVersionThatIsGoneIsForgottenAndTheRunRegistered() {
        let bench = self.bench()
        bench.fail(self.gone)
        // It may be the registry that is gone.
        #expect(bench.calls == [.probe(.registry, nil)])
        bench.answer(.alive)
        #expect(bench.calls.map(\.name) == ["registerVersion"])
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    /// It may belong to a user whose models ours may not read.
    @Test func aNamedVersionThatMayNotBeReadIsForgottenAndTheRunRegistered() {
        let bench = self.bench()
        bench.fail(CallFailure(.forbidden, message: "not yours", httpStatus: 403))
        #expect(bench.calls.map(\.name) == ["registerVersion"])
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test func aNamedVersionThatCanNotBeReadWhileTheRegistryIsUpIsForgottenAndTheRunRegistered() {
        let bench = self.bench()
        for _ in 0..<RetryPolicy().maximumAttempts {
            #expect(bench.calls.map(\.name) == ["readVersion"])
            bench.fail(.failed)
            bench.succeedForOthers("readVersion")
            bench.answer(.alive)
            bench.pass(40)
        }
        #expect(bench.calls.map(\.name) == ["registerVersion"])
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    /// Somebody else's upload was under way when it was adopted.
    @Test(arguments: [true, false])
    func anAdoptedUploadThatFailsDoesNotEndTheRollout(isGone: Bool) {
        let bench = self.bench()
        bench.answer(self.version("named-0", .underWay("uploading")))
        bench.pass(290)
        if isGone {
            // It might be the rollout's own, and not shown yet; what stays away is forgotten.
            while bench.calls.first?.isNamed("registerVersion") != true, bench.now.monotonic < at(500).monotonic {
                if bench.calls.first?.isNamed("readVersion") == true {
                    bench.fail(self.gone)
                    bench.answer(.alive)
                }
                bench.pass(1)
            }
            #expect(bench.now.monotonic >= at(350).monotonic)
        } else {
            bench.answer(self.version("named-0", .failed("cut")))
        }
        #expect(bench.calls.map(\.name) == ["registerVersion"])
        // The step has its full time again.
        bench.answer(.version(.sample(.underWay("uploading"))))
        bench.pass(200)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
        #expect(bench.endings.first?.made.versionID == "v")
    }

    @Test func anAdoptedUploadThatALookFoundDoesNotEndTheRolloutEither() {
        let bench = Bench()
        bench.accept(.sample(replay: Replay(id: "again", reason: "test")))
        bench.answerAll(until: { $0.isNamed("findVersion") })
        bench.answer(self.version("found", .underWay("uploading")))
        bench.pass(20)
        bench.answer(self.version("found", .failed("cut")))
        #expect(bench.calls.map(\.name) == ["findVersion"])
        bench.answerAll()
        #expect(bench.asked.contains("registerVersion"))
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test func anUploadOfOurOwnThatFailsEndsTheRollout() {
        let bench = self.bench([])
        bench.answer(.version(.sample(.underWay("uploading"))))
        bench.pass(20)
        // Where the workbench keeps no tags, only the registration itself says that it is ours.
        bench.answer(self.version("v", .failed("no artifacts")))
        #expect(bench.endings.map(\.cause?.class) == [.registration])
    }

    @Test func anUploadOfOurOwnThatFailsAfterARestoreEndsTheRollout() {
        var state = RolloutState.sample()
        state.step = .register
        state.run = .sample(1)
        state.made.registeredModelID = "rm"
        state.made.versionID = "v"
        let bench = Bench()
        bench.restore([state])
        bench.answer(.version(.sample(.failed("no artifacts"))))
        #expect(bench.endings.map(\.cause?.class) == [.registration])
    }

    /// An owner's first attempt asks the registry nothing before it registers.
    @Test func aRegistryThatIsAwayAtTheRegistrationIsAnOutage() {
        let bench = self.bench([])
        bench.fail(self.gone)
        #expect(bench.calls == [.probe(.registry, nil)])
        bench.fail(self.gone)
        #expect(bench.outages.map { $0?.class } == [.unavailable])
        #expect(bench.endings == [])
        bench.pass(60)
        bench.answer(.alive)
        bench.answerAll()
        #expect(bench.endings.map(\.phase) == [.deployed])
    }

    @Test func aRegistrationThatIsAnsweredNotFoundFailsWhereTheRegistryIsUp() {
        let bench = self.bench([])
        bench.stayMissing(self.gone)
        #expect(bench.endings.map(\.cause?.class) == [.notFound])
    }
}
