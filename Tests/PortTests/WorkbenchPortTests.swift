// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Testing
import Values

/// What `WorkbenchPort` promises, of the modelled and of the genuine one.
@Suite("The workbench's port", .timeLimit(.minutes(1)))
struct WorkbenchPortTests {
    private static let project = #"{"name": "a"}"#

    @Test("a request is answered once, with status and body", arguments: WorkbenchImplementation.allCases)
    func answers(implementation: WorkbenchImplementation) async throws {
        try await implementation.bench { bench in
            let made = try await bench.answer(to: bench.request(1, "POST", "/api/v2/projects", Self.project))
            #expect(made.response?.status == 200)
            let missing = try await bench.answer(to: bench.request(2, "GET", "/api/v2/projects/none"))
            #expect(missing.response?.status == 404)
            #expect(try await bench.projectCount(3) == 1)
            #expect((1...3).map { bench.answerCount($0) } == [1, 1, 1])
        }
    }

    @Test("a refused connection says that nothing was sent", arguments: WorkbenchImplementation.allCases)
    func refuses(implementation: WorkbenchImplementation) async throws {
        try await implementation.bench { bench in
            bench.shutDoor()
            let outcome = try await bench.answer(to: bench.request(1, "POST", "/api/v2/projects", Self.project))
            #expect(outcome.failure?.kind == .connect)
            #expect(outcome.failure?.mayHaveBeenSent == false)
        }
    }

    @Test(
        "an answer that is cut says that the request may have been sent, whether it was applied or not",
        arguments: WorkbenchImplementation.allCases,
        [("drop-after-apply", 1), ("drop-before", 0)]
    )
    func cuts(implementation: WorkbenchImplementation, fault: (name: String, made: Int)) async throws {
        try await implementation.bench { bench in
            try await bench.setFaults(#"[{"match":{"method":"POST"},"fault":"\#(fault.name)","count":1}]"#)
            let outcome = try await bench.answer(to: bench.request(1, "POST", "/api/v2/projects", Self.project))
            #expect(outcome.failure?.kind == .cut)
            #expect(outcome.failure?.mayHaveBeenSent == true)
            #expect(try await bench.projectCount(2) == fault.made)
        }
    }

    @Test("an answer that does not come in time is of unknown outcome", arguments: WorkbenchImplementation.allCases)
    func timesOut(implementation: WorkbenchImplementation) async throws {
        try await implementation.bench { bench in
            try await bench.setFaults(#"[{"match":{"method":"POST"},"fault":"latency","delay":"3s","count":1}]"#)
            let slow = bench.request(1, "POST", "/api/v2/projects", Self.project, timeout: .milliseconds(300))
            let outcome = try await bench.answer(to: slow)
            #expect(outcome.failure?.kind == .timeout)
            #expect(outcome.failure?.mayHaveBeenSent == true)
        }
    }

    @Test("a request is not begun after its limit (rule 5)", arguments: WorkbenchImplementation.allCases)
    func keepsTheLimit(implementation: WorkbenchImplementation) async throws {
        try await implementation.bench { try await Self.expectStartLimit($0) }
    }

    /// Rule 5: what is too late is not sent, and says so; what is in time is.
    static func expectStartLimit(_ bench: any WorkbenchBench) async throws {
        let late = bench.request(1, "POST", "/api/v2/projects", Self.project, startBefore: bench.now)
        let outcome = try await bench.answer(to: late)
        #expect(outcome.failure?.kind == .notStarted)
        #expect(outcome.failure?.mayHaveBeenSent == false)
        #expect(try await bench.projectCount(2) == 0)
        let limit = bench.now + .seconds(10)
        let timely = bench.request(3, "POST", "/api/v2/projects", Self.project, startBefore: limit)
        #expect(try await bench.answer(to: timely).response?.status == 200)
        #expect(try await bench.projectCount(4) == 1)
    }

    @Test("what is taken back before it has a connection is not sent", arguments: WorkbenchImplementation.allCases)
    func takesBack(implementation: WorkbenchImplementation) async throws {
        try await implementation.bench { try await Self.expectCancellation($0) }
    }

    /// What was handed over goes on; what waits behind it is taken back.
    static func expectCancellation(_ bench: any WorkbenchBench) async throws {
        try await bench.setFaults(#"[{"match":{"method":"GET"},"fault":"latency","delay":"200ms","count":1}]"#)
        bench.port.perform(.start([bench.request(1, "GET", "/api/v2/projects")]))
        bench.port.perform(.start([bench.request(2, "POST", "/api/v2/projects", Self.project)]))
        bench.port.perform(.cancelUnstarted([RequestID(number: 2)]))
        let outcome = try await bench.answer(2)
        #expect(outcome.failure?.kind == .notStarted)
        #expect(outcome.failure?.mayHaveBeenSent == false)
        #expect(try await bench.answer(1).response?.status == 200)
        // It is over: to take it back once more changes nothing.
        bench.port.perform(.cancelUnstarted([RequestID(number: 2)]))
        #expect(try await bench.projectCount(3) == 0)
        #expect(bench.answerCount(2) == 1)
    }
}
