// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Rollouts
import Testing
import Values
import WorkbenchCalls

/// Calls of several requests: page by page, and one after another.
struct ListingTests {
    private static let findVersion = APICall.findVersion(
        modelName: "n",
        experimentID: "e",
        runID: "r",
        marker: "k",
        nil
    )
    private static let models = HandWritten.json(
        #"{"models":[{"model_id":"g1","name":"n"},{"model_id":"x","name":"nn"}],"next_page_token":"t"}"#
    )
    private static let moreModels = HandWritten.json(#"{"models":[{"model_id":"g2","name":"n"}]}"#)

    @Test func versionsAreLookedForPageByPageInEachModelOfTheName() throws {
        let held = try Held(
            Self.findVersion,
            [
                Self.models, Self.moreModels, CallTests.versions(CallTests.version("v1", run: "other"), next: "u"),
                CallTests.versions(CallTests.version("v2", "UPLOADING")), CallTests.versions(CallTests.version("v3")),
            ],
            pageSize: 2
        )
        let listing = "GET /registry/models?page_size=2&search_filter=%7B%22model_name%22%3A%22n%22%7D"
        #expect(
            held.lines == [
                listing, "\(listing)&page_token=t", "GET /registry/models/g1?page_size=2",
                "GET /registry/models/g1?page_size=2&page_token=u", "GET /registry/models/g2?page_size=2",
            ]
        )
        #expect(
            held.success
                == .version(VersionFacts(registeredModelID: "g", versionID: "v3", progress: .ready, isOurs: false))
        )
    }

    @Test func withoutAModelOfTheNameNoVersionIsLookedFor() throws {
        let held = try Held(Self.findVersion, [.json(#"{"models":[{"model_id":"x","name":"nn"}]}"#)])
        #expect(held.sent.count == 1)
        #expect(held.success == .version(nil))
    }

    @Test(arguments: [
        (["a READY other", "b READY k"], "a", false), (["a UPLOADING other", "b READY k"], "b", true),
        (["a UPLOAD_FAILED other", "b UPLOADING other"], "b", false),
        (["a UPLOAD_FAILED other", "b UPLOAD_FAILED k"], "b", true), (["a UPLOAD_FAILED other"], "a", false),
        (["a DELETED k"], nil, false), ([], nil, false),
    ])
    func theBestVersionIsChosen(versions: [String], expected: String?, isOurs: Bool) throws {
        let written = versions.map { text in
            let words = text.split(separator: " ").map(String.init)
            return CallTests.version(words[0], words[1], tag: words[2])
        }
        let page = HandWritten.json(#"{"model_id":"g","model_versions":[\#(written.joined(separator: ","))]}"#)
        let held = try Held(Self.findVersion, [Self.moreModels, page])
        guard case .version(let facts)? = held.success else {
            Issue.record("\(String(describing: held.result))")
            return
        }
        #expect(facts?.versionID == expected)
        #expect(facts?.isOurs ?? false == isOurs)
    }

    @Test(arguments: 0..<5)
    func aCutBetweenAnyTwoRequestsEndsTheCall(place: Int) throws {
        var answers = [
            Self.models, Self.moreModels, CallTests.versions(CallTests.version("v1"), next: "u"),
            CallTests.versions(CallTests.version("v2")), CallTests.versions(CallTests.version("v3")),
        ]
        answers[place] = .fail(.cut)
        let held = try Held(Self.findVersion, answers)
        #expect(held.sent.count == place + 1)
        #expect(held.failure?.kind == .unavailable)
        #expect(held.failure?.isOutcomeUnknown == false)
        #expect(held.failure?.message.hasPrefix("\(held.operations[place]): cut") == true)
    }

    @Test func aTokenThatComesBackEndsTheCall() throws {
        let page = HandWritten.json(#"{"projects":[],"next_page_token":"t"}"#)
        let held = try Held(.findProject(name: "n"), [page, page, page])
        #expect(held.sent.count == 2)
        #expect(held.failure?.kind == .protocol)
        #expect(held.failure?.message == "ListProjects: a page token came twice")
    }

    @Test func pagesThatDoNotEndEndTheCall() throws {
        let pages = (0..<9).map { HandWritten.json(#"{"projects":[],"next_page_token":"t\#($0)"}"#) }
        let held = try Held(.findProject(name: "n"), pages, maximumPages: 3)
        #expect(held.sent.count == 3)
        #expect(held.failure?.message == "ListProjects: more than 3 pages")
    }

    @Test func whatIsFoundAlreadyNeedsNoFurtherPage() throws {
        let first = HandWritten.json(#"{"runtimes":[{"image_identifier":"ii"}],"next_page_token":"t"}"#)
        let second = HandWritten.json(#"{"runtimes":[{"image_identifier":"i"}],"next_page_token":"t"}"#)
        // The second page repeats its own token, but nobody follows it.
        let held = try Held(.findRuntime(.identifier("i")), [first, second])
        #expect(held.success == .runtime(identifier: "i"))
    }

    @Test func allExperimentsOfANameAreFoundAndDeletedOnesOnlyWhereThereIsNoOther() throws {
        let first = HandWritten.json(
            #"{"experiments":[{"id":"1","name":"n","lifecycle_stage":"deleted"},{"id":"2","name":"n"}],"next_page_token":"t"}"#
        )
        let second = HandWritten.json(#"{"experiments":[{"id":"3","name":"n","project_id":"p"}]}"#)
        let both = try Held(.findExperiment(projectID: "p", name: "n"), [first, second])
        let found = [
            ExperimentFacts(id: "2", projectID: "", name: "n"), ExperimentFacts(id: "3", projectID: "p", name: "n"),
        ]
        #expect(both.success == .experiments(found))
        let deleted = HandWritten.json(#"{"experiments":[{"id":"1","name":"n","lifecycle_stage":"deleted"}]}"#)
        let one = try Held(.findExperiment(projectID: "p", name: "n"), [deleted])
        #expect(one.success == .experiments([ExperimentFacts(id: "1", projectID: "", name: "n")]))
    }

    @Test(arguments: [
        ("2026-02-03T04:00:00Z", "2026-02-03T04:01:00Z", "2026-02-03T04:00:00Z"),
        // In nanoseconds where milliseconds are meant: as it ended, or now.
        ("1770091200000000000", "2026-02-03T04:01:00Z", "2026-02-03T04:01:00Z"),
        ("1770091200000000000", "1770091260000000000", "2026-02-03T04:05:06Z"),
        ("2026-02-04T04:05:05Z", "", "2026-02-04T04:05:05Z"), ("2026-02-04T04:05:07Z", "", "2026-02-03T04:05:06Z"),
    ])
    func aRunFromTheFutureBeganWhenItEndedOrNow(start: String, end: String, expected: String) throws {
        let held = try Held(
            .readRun(projectID: "p", experimentID: "e", runID: "r"),
            [.json(#"{"id":"r","start_time":"\#(start)","end_time":"\#(end)"}"#)]
        )
        guard case .run(let facts?)? = held.success else {
            Issue.record("\(String(describing: held.result))")
            return
        }
        #expect(facts.start == Timestamp(rfc3339: expected))
    }

    @Test func theNewestFinishedRunIsLookedForOnAllPagesThatMayHaveIt() throws {
        func run(_ id: String, _ minute: Int, _ status: String) -> String {
            #"{"id":"\#(id)","status":"\#(status)","start_time":"2026-02-03T04:0\#(minute):00Z"}"#
        }
        let held = try Held(
            .newestRun(projectID: "p", experimentID: "e"),
            [
                .json(#"{"experiment_runs":[\#(run("c", 5, "RUNNING"))],"next_page_token":"t"}"#),
                .json(
                    #"{"experiment_runs":[\#(run("b", 4, "FINISHED")),\#(run("a", 3, "FINISHED"))],"next_page_token":"u"}"#
                ),
            ]
        )
        guard case .run(let facts?)? = held.success else {
            Issue.record("\(String(describing: held.result))")
            return
        }
        #expect(facts.runID == "b")
        #expect(facts.projectID == "p")
    }
}
