// SPDX-License-Identifier: Apache-2.0

import Rollouts
import TestSupport
import Testing
import Values

@testable import Worker

/// Rule 6: after a creating call of unknown outcome the worker looks at once, and creates again only when the call's
/// deadline and the time to settle are over and a last look has found nothing.
@Suite(.timeLimit(.minutes(2)))
struct Rule06UnknownOutcomeTests {
    @Test(
        arguments: [
            "/api/v2/registry/models", "/api/v2/projects/*/models", "/api/v2/projects/*/models/*/builds",
            "/api/v2/projects/*/models/*/builds/*/deployments",
        ],
        WorkerFixture.clusters
    )
    func aCallThatMayHaveBeenAppliedIsRepeatedOnlyAfterItsTimeAndALastLook(
        path: String,
        isGenuine: Bool
    ) async throws {
        try await WorkerFixture.with(genuine: isGenuine) { bed in
            let recorder = RequestLog()
            let runs = try await bed.seedRuns(1)
            var settings = bed.settings(.catchAll)
            settings.policy.requestTimeout = .seconds(2)
            settings.policy.settle = .seconds(2)
            // The connection is cut, and nothing was applied; the worker can't know that.
            try await bed.fault(#"[{"match":{"method":"POST","path":"\#(path)"},"fault":"drop-before","count":1}]"#)
            try await bed.withWorker(settings.tapped(by: recorder)) { _ in
                try await bed.emit(runs[0].data(model: "churn"), id: "1", key: "churn")
                let phases = try await bed.phases(untilEnded: 1)
                #expect(phases.values.map(\.last) == ["deployed"])
            }
            let posts = recorder.sent.filter { $0.method == "POST" && Self.matches($0.path, path) }
            #expect(posts.count == 2)
            guard posts.count == 2 else { return }
            let certain = posts[0].began + .seconds(4)
            #expect(posts[1].began >= certain)
            let looks = recorder.sent.filter { $0.method == "GET" && $0.path == posts[0].path }
                .filter { $0.began > posts[0].began && $0.began < posts[1].began }
            #expect(looks.contains { $0.began < certain - .seconds(1) }, "it looks at once")
            #expect(looks.contains { $0.began >= certain }, "a last look")
            #expect(try await bed.audit().created == ["version": 1, "model": 1, "build": 1, "deployment": 1])
        }
    }

    private static func matches(_ path: String, _ pattern: String) -> Bool {
        let (path, pattern) = (path.split(separator: "/"), pattern.split(separator: "/"))
        return path.count == pattern.count && zip(path, pattern).allSatisfy { $1 == "*" || $0 == $1 }
    }
}
