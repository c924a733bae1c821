// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Rollouts
import Testing
import Values
import WorkbenchAPI
import WorkbenchCalls

/// Calls that bring no result, and what the core learns of it.
struct RefusalTests {
    static let calls: [APICall] =
        (CallTests.probes + CallTests.looks + CallTests.reads + CallTests.creations
        + CallTests.sweeps).filter { !$0.lines.isEmpty }.map(\.call)
        // A model service that refuses its probe has answered it (`ProbeTests`).
        .filter { $0 != .probe(.modelService, nil) }

    /// An answer that is none, what kind of failure it is, and whether it leaves open what a changing call has done.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var answer: HandWritten
        var kind: CallFailure.Kind
        var leavesOpen: Bool
        var status: Int?

        var testDescription: String { "\(self.answer)" }
    }

    static let refusals: [Refusal] = [
        Refusal(answer: .refusal(401, code: 16), kind: .unauthorized, leavesOpen: false, status: 401),
        Refusal(answer: .refusal(403, code: 7), kind: .forbidden, leavesOpen: false, status: 403),
        Refusal(answer: .refusal(409, code: 6), kind: .conflict, leavesOpen: false, status: 409),
        Refusal(answer: .refusal(400, code: 3), kind: .invalid, leavesOpen: false, status: 400),
        Refusal(answer: .refusal(429, code: 8), kind: .rateLimited, leavesOpen: false, status: 429),
        Refusal(answer: .refusal(500, code: 13), kind: .serverError, leavesOpen: true, status: 500),
        // The same by somebody in between, who may have asked the workbench first.
        Refusal(answer: .json("<html>", status: 403), kind: .inBetween, leavesOpen: true, status: 403),
        Refusal(answer: .json("default backend - 404", status: 404), kind: .inBetween, leavesOpen: true, status: 404),
        Refusal(answer: .json(#"{"message":"no"}"#, status: 400), kind: .inBetween, leavesOpen: true, status: 400),
        Refusal(answer: .refusal(404, code: 404), kind: .inBetween, leavesOpen: true, status: 404),
        Refusal(answer: .json("", status: 409), kind: .inBetween, leavesOpen: true, status: 409),
        Refusal(answer: .json("", status: 501), kind: .inBetween, leavesOpen: true, status: 501),
        Refusal(answer: .json("<html>", status: 500), kind: .unavailable, leavesOpen: true, status: 500),
        Refusal(answer: .json("", status: 502), kind: .unavailable, leavesOpen: true, status: 502),
        Refusal(answer: .json("", status: 302), kind: .inBetween, leavesOpen: true, status: 302),
        // Of another shape.
        Refusal(answer: .json(""), kind: .inBetween, leavesOpen: true, status: 200),
        Refusal(answer: .json("<html><title>Sign in</title>"), kind: .inBetween, leavesOpen: true, status: 200),
        Refusal(answer: .json(#"{"id":"79b0"#), kind: .inBetween, leavesOpen: true, status: 200),
        // Cut, or never there.
        Refusal(answer: .fail(.cut), kind: .unavailable, leavesOpen: true),
        Refusal(answer: .fail(.timeout), kind: .unavailable, leavesOpen: true),
        Refusal(answer: .fail(.connect, mayHaveBeenSent: false), kind: .unavailable, leavesOpen: false),
        Refusal(answer: .fail(.tls, mayHaveBeenSent: false), kind: .unavailable, leavesOpen: false),
        Refusal(answer: .fail(.responseTooLarge), kind: .inBetween, leavesOpen: true),
        Refusal(answer: .fail(.invalidRequest, mayHaveBeenSent: false), kind: .invalid, leavesOpen: false),
        Refusal(answer: .fail(.cancelled), kind: .unavailable, leavesOpen: true),
        Refusal(answer: .noKey(CredentialFailure("the key file is empty")), kind: .unauthorized, leavesOpen: false),
    ]

    @Test(arguments: calls, refusals)
    func aRefusalHasItsKind(call: APICall, refusal: Refusal) throws {
        let held = try Held(call, [refusal.answer])
        let failure = try #require(held.failure)
        #expect(held.sent.count == 1)
        #expect(failure.kind == refusal.kind)
        #expect(failure.httpStatus == refusal.status)
        #expect(failure.message.hasPrefix("\(held.operations[0]): "))
        let isWrite = held.sent[0].operation.effect == .write
        #expect(failure.isOutcomeUnknown == (isWrite && refusal.leavesOpen))
        #expect(isWrite || !call.isCreating)
    }

    @Test(arguments: calls)
    func whatIsNotThereIsAFailureButForWhatAnEventNames(call: APICall) throws {
        let held = try Held(call, [.refusal(404, code: 5)])
        switch call {
        case .readProject, .readExperiment, .readRun:
            // With its words: it may be the project that the workbench doesn't know.
            guard case .absent(let failure) = held.success else { throw CancellationError() }
            #expect(failure.kind == .notFound)
            #expect(failure.httpStatus == 404)
            #expect(failure.message.hasPrefix("\(held.operations[0]): "))
        default:
            #expect(held.failure?.kind == .notFound)
            #expect(held.failure?.isOutcomeUnknown == false)
        }
    }

    @Test(arguments: [
        #"{"message":"no"}"#, #"{"error":"no","status":200}"#, #"{"models":{}}"#, #"{"models":[{}]}"#,
        #"{"models":[7]}"#, #"{"next_page_token":[]}"#, "[]", "7",
    ])
    func aListingOfAnotherShapeIsNone(body: String) throws {
        let held = try Held(.findModel(projectID: "p", name: "n"), [.json(body)])
        #expect(held.failure?.kind == .inBetween)
        let beginning = "ListModels: somebody in between answers: the answer can't be read"
        #expect(held.failure?.message.hasPrefix(beginning) == true)
    }

    @Test(arguments: CallTests.creations.map(\.call))
    func aCreationWithoutAnIDLeavesItsOutcomeOpen(call: APICall) throws {
        let failure = try #require(try Held(call, [.json("{}")]).failure)
        #expect(failure.kind == .inBetween)
        #expect(failure.isOutcomeUnknown)
    }

    @Test func aRegistrationWithoutTheRunsVersionLeavesItsOutcomeOpen() throws {
        let other = CallTests.version("v", run: "other")
        let held = try Held(
            .registerVersion(CallTests.versionRequest),
            [.json(#"{"model_id":"g","model_versions":[\#(other)]}"#)]
        )
        #expect(
            held.failure
                == CallFailure(
                    .protocol,
                    isOutcomeUnknown: true,
                    message: "CreateRegisteredModel: the answer to the registration has no version of the run"
                )
        )
    }

    @Test(arguments: [#"{"valid":false}"#, "{}"])
    func aKeyThatIsNotValidIsRefused(body: String) throws {
        let held = try Held(.probe(.workbench, nil), [.json(body)])
        #expect(held.failure?.kind == .unauthorized)
        #expect(held.failure?.httpStatus == nil)
    }

    @Test func aDuplicateModelNameIsAConflict() throws {
        let answer = HandWritten.refusal(500, code: 2, "the project already has a model with that name")
        let held = try Held(.createModel(CallTests.modelRequest), [answer])
        #expect(held.failure?.kind == .conflict)
        #expect(held.failure?.isOutcomeUnknown == false)
    }

    @Test(arguments: [("7", 7), ("Tue, 03 Feb 2026 04:05:26 GMT", 20)])
    func theWaitThatIsAskedForIsTold(text: String, seconds: Int64) throws {
        let answer = HandWritten.json("{}", status: 429, headers: [("Retry-After", text)])
        let held = try Held(.findProject(name: "n"), [answer])
        #expect(held.failure?.retryAfter == .seconds(seconds))
    }

    @Test(arguments: ["", ".", ".."])
    func whatCannotBeAskedEndsAtOnce(id: String) throws {
        let held = try Held(.readBuild(projectID: "p", modelID: id, buildID: "b"), [])
        #expect(held.sent.isEmpty)
        #expect(held.failure?.kind == .invalid)
        var request = CallTests.deploymentRequest
        request.size.cpu = .nan
        let creation = try Held(.createDeployment(request), [])
        #expect(creation.sent.isEmpty)
        #expect(creation.failure?.message == "CreateModelDeployment: the request can't be written: cpu")
        #expect(creation.failure?.isOutcomeUnknown == false)
    }
}
