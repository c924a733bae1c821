// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import Values

@testable import WorkbenchSandbox

/// Each open question about workbenches, answered as usual and otherwise.
@Suite("Quirks")
struct QuirkTests {
    private func virtual(_ quirk: Quirk?, clock: LifeCycleClock = .instant) -> VirtualSandbox {
        var virtual = VirtualSandbox(clock: clock)
        virtual.sandbox.quirks = Set([quirk].compactMap { $0 })
        return virtual
    }

    @Test(
        "a name that is taken",
        arguments: [
            (nil, 500, "already has a model with that name"),
            (.duplicateIs409, 409, "already has a model with that name"),
            (.duplicateIsVague, 500, "Failed to create model\""),
        ] as [(Quirk?, Int, String)]
    )
    func duplicateName(quirk: Quirk?, status: Int, text: String) throws {
        var virtual = self.virtual(quirk)
        let built = try SandboxRun(&virtual).build(&virtual)
        let refused = virtual.send("POST", "/api/v2" + built.models, #"{"name": "churn"}"#)
        #expect(refused.status == status)
        #expect(String(decoding: refused.body, as: UTF8.self).contains(text))
    }

    @Test("what is unknown", arguments: [(nil, 400, 404), (.unknownSwapped, 404, 400)] as [(Quirk?, Int, Int)])
    func unknownReference(quirk: Quirk?, runtime: Int, version: Int) throws {
        var virtual = self.virtual(quirk)
        let built = try SandboxRun(&virtual).build(&virtual)
        let noRuntime = built.buildRequest.replacing(SandboxBuild.runtime, with: "registry/nothing:1")
        #expect(virtual.send("POST", "/api/v2" + built.builds, noRuntime).status == runtime)
        let noVersion = built.buildRequest.replacing(built.version, with: "aaaa-bbbb-cccc-dddd")
        #expect(virtual.send("POST", "/api/v2" + built.builds, noVersion).status == version)
    }

    @Test(
        "what registering answers",
        arguments: [
            (nil, [2], "READY"), (.registersNewestFirst, [2, 1], "READY"), (.registersOldestFirst, [1, 2], "READY"),
            (.lowerCaseVersions, [2], "ready"),
        ] as [(Quirk?, [Int64], String)]
    )
    func registering(quirk: Quirk?, numbers: [Int64], word: String) throws {
        var virtual = self.virtual(quirk)
        let run = try SandboxRun(&virtual)
        _ = try run.register(&virtual, name: "churn")
        let versions = try virtual.call("POST", "/registry/models", run.registration())["model_versions"]?.elements
        #expect(versions?.compactMap { $0["number"]?.wholeNumber } == numbers)
        #expect(versions?.allSatisfy { $0["status"]?.text == word } == true)
    }

    @Test("the order of lists", arguments: [(nil, false), (.listsNewestFirst, true)] as [(Quirk?, Bool)])
    func listOrder(quirk: Quirk?, isReversed: Bool) throws {
        var virtual = self.virtual(quirk)
        let built = try SandboxRun(&virtual).build(&virtual)
        virtual.advance(.seconds(1))
        let second = try objectID(try virtual.call("POST", built.builds, built.buildRequest))
        let listed = try virtual.call("GET", built.builds)["model_builds"]?.elements?.compactMap { $0["id"]?.text }
        #expect(listed == (isReversed ? [second, built.build] : [built.build, second]))
        let sorted = try virtual.call("GET", built.builds + "?sort=created_at")["model_builds"]?.elements
        #expect(sorted?.first?["id"]?.text == built.build)
    }

    @Test(
        "the words of builds",
        arguments: [
            (nil, ["pending", "queued", "building", "pushing", "built"]),
            (.otherBuildWords, ["queued", "queued", "unknown", "finalizing", "succeeded"]),
        ] as [(Quirk?, [String])]
    )
    func buildWords(quirk: Quirk?, words: [String]) throws {
        var virtual = self.virtual(quirk, clock: LifeCycleClock(fixed: .seconds(100)))
        let run = try SandboxRun(&virtual)
        virtual.sandbox.clock.registering = .zero...(.zero)
        let built = try run.build(&virtual)
        var found = [try built.status(&virtual)]
        for seconds in [6, 20, 60, 100] {
            virtual.advance(.seconds(seconds))
            found.append(try built.status(&virtual))
        }
        #expect(found == words)
    }

    @Test(
        "a deployment of a build that is not finished",
        arguments: [(nil, "pending"), (.earlyDeploymentFails, "failed"), (.earlyDeploymentRefused, nil)]
            as [(Quirk?, String?)]
    )
    func earlyDeployment(quirk: Quirk?, word: String?) throws {
        var virtual = self.virtual(quirk)
        let run = try SandboxRun(&virtual)
        virtual.sandbox.clock.building = .seconds(100)...(.seconds(100))
        let built = try run.build(&virtual)
        let made = virtual.send("POST", "/api/v2" + built.deployments, "{}")
        #expect(made.status == (word == nil ? 400 : 200))
        if word != nil { #expect(try JSONValue(parsing: made.body)["status"]?.text == word) }
    }

    @Test(
        "the older deployment",
        arguments: [(nil, "stopped"), (.keepsOlderDeployments, "deployed")] as [(Quirk?, String)]
    )
    func olderDeployment(quirk: Quirk?, word: String) throws {
        var virtual = self.virtual(quirk)
        let built = try SandboxRun(&virtual).build(&virtual)
        let older = try built.deploy(&virtual)
        virtual.advance(.seconds(1))
        _ = try built.deploy(&virtual)
        #expect(try built.status(&virtual, of: older) == word)
    }

    @Test("sizes that are left out", arguments: [(nil, 200), (.sizesRequired, 400)] as [(Quirk?, Int)])
    func omittedSizes(quirk: Quirk?, status: Int) throws {
        var virtual = self.virtual(quirk)
        let built = try SandboxRun(&virtual).build(&virtual)
        #expect(virtual.send("POST", "/api/v2" + built.deployments, "{}").status == status)
        _ = try built.deploy(&virtual, #"{"cpu": 1, "memory": "2", "replicas": 1}"#)
    }

    @Test("what is not set", arguments: [nil, .unsetIsAbsent, .emptyIsNull, .oldRelease] as [Quirk?])
    func unsetFields(quirk: Quirk?) throws {
        var virtual = self.virtual(quirk)
        let run = try SandboxRun(&virtual)
        virtual.sandbox.clock.building = .seconds(100)...(.seconds(100))
        let built = try run.build(&virtual)
        let build = try virtual.call("GET", "\(built.builds)/\(built.build)")
        #expect(build["built_at"] == (quirk == .unsetIsAbsent ? nil : .null))
        let addons: JSONValue? = quirk == .oldRelease ? nil : quirk == .emptyIsNull ? .null : .array([])
        #expect(build["runtime_addon_identifiers"] == addons)
        #expect(build["comment"] == .string(""))
    }

    @Test("many calls in a second", arguments: [(nil, 40), (.rateLimited, 20)] as [(Quirk?, Int)])
    func rateLimit(quirk: Quirk?, answered: Int) throws {
        var virtual = self.virtual(quirk)
        for _ in 0..<2 {
            let replies = (0..<40).map { _ in virtual.send("GET", "/api/v2/projects") }
            #expect(replies.count { $0.status == 200 } == answered)
            #expect(
                replies.dropFirst(answered).allSatisfy {
                    $0.status == 429 && $0.headers.contains { $0.name == "Retry-After" }
                }
            )
            virtual.advance(.seconds(1))
        }
    }

    @Test("fields that there are not", arguments: [(nil, 200), (.unknownFieldsRefused, 400)] as [(Quirk?, Int)])
    func unknownFields(quirk: Quirk?, status: Int) {
        var virtual = self.virtual(quirk)
        #expect(virtual.send("POST", "/api/v2/projects", #"{"name": "a", "bogus": 1}"#).status == status)
        #expect(virtual.send("POST", "/api/v2/projects", #"{"name": "b", "description": null}"#).status == 200)
    }

    @Test("the control takes a list, and names what it can't take")
    func control() throws {
        var virtual = VirtualSandbox()
        let set = virtual.send("PUT", "/sandbox/quirks", #"["rate-limited", "old-release"]"#)
        #expect(set.status == 200 && virtual.sandbox.quirks == [.rateLimited, .oldRelease])
        _ = virtual.send("DELETE", "/sandbox/state")
        let shown = virtual.send("GET", "/sandbox/quirks")
        #expect(String(decoding: shown.body, as: UTF8.self) == #"["rate-limited","old-release"]"#)
        for (body, words) in [
            (#"["slow"]"#, "unknown quirk 'slow'; allowed: duplicate-is-409"), ("{}", "a list is expected"),
            (#"["unset-is-absent", "empty-is-null"]"#, "answer the same question"),
        ] {
            let refused = virtual.send("PUT", "/sandbox/quirks", body)
            #expect(refused.status == 400 && String(decoding: refused.body, as: UTF8.self).contains(words))
        }
        #expect(virtual.sandbox.quirks == [.rateLimited, .oldRelease])
    }
}
