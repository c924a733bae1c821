// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WorkbenchAPI

@Suite("Status words")
struct LifecycleStatusTests {
    @Test(arguments: [
        ("built", LifecycleStage.ready), ("BUILT", .ready), ("succeeded", .ready), ("pending", .inProgress),
        ("queued", .inProgress), ("pushing", .inProgress), ("building", .inProgress), ("unknown", .inProgress),
        ("", .inProgress), ("build failed", .failed), ("timedout", .failed), ("TimedOut", .failed),
        ("push failure", .failed), ("mending", .inProgress),
    ])
    func buildWords(word: String, expected: LifecycleStage) {
        #expect(BuildStatus(word).stage == expected)
    }

    @Test(arguments: [
        ("deployed", LifecycleStage.ready), ("Deployed", .ready), ("running", .ready), ("pending", .inProgress),
        ("deploying", .inProgress), ("failed", .failed), ("stopping", .ended), ("STOPPED", .ended),
        ("scaling", .inProgress),
    ])
    func deploymentWords(word: String, expected: LifecycleStage) {
        #expect(DeploymentStatus(word).stage == expected)
    }

    @Test(arguments: [
        ("READY", LifecycleStage.ready), ("ready", .ready), ("REGISTERING", .inProgress), ("UPLOADING", .inProgress),
        ("UPLOAD_FAILED", .failed), ("DELETE_FAILED", .failed), ("DELETED", .ended), ("UNKNOWN", .inProgress),
    ])
    func versionWords(word: String, expected: LifecycleStage) {
        #expect(VersionStatus(word).stage == expected)
    }

    @Test func theWordIsKeptButBounded() {
        #expect(BuildStatus("Build Failed").word == "Build Failed")
        #expect(BuildStatus(String(repeating: "x", count: 1000)).word.count == 64)
        #expect(BuildStatus("a\nb").word == "a b")
    }

    @Test func stagesExcludeEachOther() {
        for word in ["built", "failed", "stopped", "pending"] {
            let status = DeploymentStatus(word)
            let flags = [status.isReady, status.isFailed, status.isInProgress, status.isEnded]
            #expect(flags.count { $0 } == 1)
        }
    }
}
