// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import Kafka
import Machine
import TestSupport
import Testing
import Values
import WorkbenchAPI
import WorkbenchCalls

@testable import Rollouts
@testable import Worker

/// Rule 5: no creating call without an intent that is committed, fresh, and of a partition that is still held.
@Suite(.timeLimit(.minutes(2)))
struct Rule05IntentTests {
    @Test(arguments: WorkerFixture.clusters)
    func aStaleIntentLeadsToANewOneAndToNoCall(isGenuine: Bool) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            // Every intent is too old by the time its commit has ended.
            settings.policy.intentValidity = Span(nanoseconds: 1)
            try await bed.withWorker(settings) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let records = try await bed.read(bed.topics.journal) { records in
                    let steps = records.map { WorkerFixture.step(of: $0) }
                    return steps.count { $0 == "register" } >= 6 || steps.contains { $0 == "finished" }
                }
                #expect(records.count { WorkerFixture.step(of: $0) == "register" } >= 6)
            }
            #expect(try await bed.audit().created == [:])
            try await bed.withWorker(bed.settings(.catchAll)) { _ in
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.map(\.last) == ["deployed"])
            }
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    /// What becomes of a creating request before its connection has it.
    enum Finding: CaseIterable {
        case fresh
        case tooOld
        /// Its partition is leaving, is begun again, or has gone.
        case takenBack
    }

    /// The last look is made by the one who hands the request to its connection.
    @Test(arguments: Finding.allCases)
    func theLastLookIsRightBeforeTheRequest(finding: Finding) async throws {
        try await WorkerFixture.with { bed in
            let runs = try await bed.seedRuns(1)
            let access = try bed.access(bed.settings(.catchAll))
            // One connection, and a request that keeps it for a while.
            var clientSettings = HTTPClientSettings()
            clientSettings.maximumConnections = 1
            let client = HTTPClient(settings: clientSettings)
            try await bed.fault(#"[{"match":{"method":"GET"},"fault":"latency","delay":"300ms"}]"#)
            let (clock, inbox) = (WorkerClock(), LoopInbox())
            let port = HTTPWorkbench(client: client, credentials: access.credentials, clock: clock, inbox: inbox)
            let request = ModelRequest(
                projectID: runs[0].projectID,
                name: "churn",
                description: "",
                registeredModelID: "",
                disableAuthentication: false
            )
            let slow = APICall.readRun(
                projectID: runs[0].projectID,
                experimentID: runs[0].experimentID,
                runID: runs[0].runID
            )
            let limit = clock.monotonic + (finding == .tooOld ? .milliseconds(100) : .seconds(3_600))
            port.perform(
                .start([
                    PlannedRequest(id: RequestID(number: 1), send: try access.send(slow), startBefore: nil),
                    PlannedRequest(
                        id: RequestID(number: 2),
                        send: try access.send(.createModel(request)),
                        startBefore: limit
                    ),
                ])
            )
            if finding == .takenBack { port.perform(.cancelUnstarted([RequestID(number: 2)])) }
            var answers: [UInt64: WorkbenchAnswer.Outcome] = [:]
            for await _ in inbox.signals {
                for case .workbench(let ended) in inbox.take() {
                    for answer in ended { answers[answer.id.number] = answer.outcome }
                }
                if answers.count == 2 { break }
            }
            if case .failure(let failure)? = answers[2] { #expect(failure.kind == .notStarted) }
            #expect(try await bed.audit().created == (finding == .fresh ? ["model": 1] : [:]))
            await client.close()
        }
    }
}

extension WorkbenchAccess {
    /// The first request of a call.
    fileprivate func send(_ call: APICall) throws -> PlannedSend {
        let (_, step) = Conversation.begin(call, with: self.dialect)
        guard case .send(let send) = step else { throw CancellationError() }
        return send
    }
}
