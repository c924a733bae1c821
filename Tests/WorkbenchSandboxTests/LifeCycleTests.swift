// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import Values

@testable import WorkbenchSandbox

/// Ten seconds for each step.
private let steady = LifeCycleClock(fixed: .seconds(10))

@Suite("Life cycles")
struct LifeCycleTests {
    @Test("a version is registering, then ready")
    func versionBecomesReady() throws {
        var virtual = VirtualSandbox(clock: steady)
        let world = try SandboxRun(&virtual)
        let (model, version) = try world.register(&virtual)
        let path = "/registry/models/\(model)/versions/\(version)"
        #expect(try virtual.call("GET", path)["status"] == .string("REGISTERING"))
        virtual.advance(.seconds(10))
        let ready = try virtual.call("GET", path)
        #expect(ready["status"] == .string("READY"))
        #expect(ready["error_message"] == .string(""))
        #expect(ready["model_version_metadata"]?["mlflow_metadata"]?["run_id"] == .string(world.run))
    }

    @Test("a run without the artifact, or marked so, fails to upload", arguments: ["missing", "marked"])
    func uploadFails(cause: String) throws {
        var virtual = VirtualSandbox(clock: steady)
        let tags = cause == "marked" ? #"[{"key": "sandbox.fail", "value": "version"}]"# : "[]"
        let world = try SandboxRun(&virtual, tags: tags)
        let (model, version) = try world.register(&virtual, path: cause == "missing" ? "elsewhere" : "model")
        virtual.advance(.seconds(10))
        let failed = try virtual.call("GET", "/registry/models/\(model)/versions/\(version)")
        #expect(failed["status"] == .string("UPLOAD_FAILED"))
        #expect(failed["error_message"]?.text?.isEmpty == false)
    }

    @Test("the same name adds a version")
    func sameNameAddsVersion() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let first = try world.register(&virtual)
        let second = try world.register(&virtual)
        #expect(first.model == second.model)
        let model = try virtual.call("GET", "/registry/models/\(first.model)?sort=-versions")
        #expect(model["count"] == .integer(2))
        let versions = try #require(model["model_versions"]?.elements)
        #expect(versions.map { $0["model_version_id"]?.text } == [second.version, first.version])
        #expect(versions.map { $0["number"] } == [.integer(2), .integer(1)])
    }

    @Test("a build goes through its states")
    func buildStates() throws {
        var virtual = VirtualSandbox(clock: .instant)
        let world = try SandboxRun(&virtual)
        _ = virtual.send("PUT", "/sandbox/clock", #"{"building": "10s"}"#)
        let built = try world.build(&virtual)
        var states: [String] = []
        for _ in 0..<21 {
            let status = try #require(try built.status(&virtual))
            if states.last != status { states.append(status) }
            virtual.advance(.milliseconds(500))
        }
        #expect(states == ["pending", "queued", "building", "pushing", "built"])
    }

    @Test(
        "a marked run makes the build fail",
        arguments: [("build", "build failed"), ("build-timeout", "timedout")]
    )
    func buildFails(marker: String, status: String) throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual, tags: #"[{"key": "sandbox.fail", "value": "\#(marker)"}]"#)
        let built = try world.build(&virtual)
        #expect(try built.status(&virtual) == status)
        let deployment = try built.deploy(&virtual)
        #expect(try built.status(&virtual, of: deployment) == "failed")
    }

    @Test("a build of a version that is not ready fails")
    func buildOfUnreadyVersion() throws {
        var virtual = VirtualSandbox(clock: steady)
        let world = try SandboxRun(&virtual)
        let built = try world.build(&virtual)
        virtual.advance(.seconds(10))
        #expect(try built.status(&virtual) == "build failed")
    }

    @Test("a deployment waits for its build, then comes up")
    func deploymentWaits() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        _ = virtual.send("PUT", "/sandbox/clock", #"{"building": 10, "deploying": 10}"#)
        let built = try world.build(&virtual)
        let deployment = try built.deploy(&virtual)
        virtual.advance(.seconds(9))
        #expect(try built.status(&virtual, of: deployment) == "pending")
        virtual.advance(.seconds(6))
        #expect(try built.status(&virtual, of: deployment) == "deploying")
        virtual.advance(.seconds(5))
        #expect(try built.status(&virtual, of: deployment) == "deployed")
    }

    @Test("a newer deployment stops the older one when it is up, not before")
    func newerStopsOlder() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let built = try world.build(&virtual)
        let older = try built.deploy(&virtual)
        #expect(try built.status(&virtual, of: older) == "deployed")
        _ = virtual.send("PUT", "/sandbox/clock", #"{"deploying": "10s", "stopping": "5s"}"#)
        let newer = try built.deploy(&virtual)
        virtual.advance(.seconds(9))
        #expect(try built.status(&virtual, of: older) == "deployed")
        virtual.advance(.seconds(1))
        #expect(try built.status(&virtual, of: newer) == "deployed")
        // The older one stops as fast as the clock said when it was made: at once.
        #expect(try built.status(&virtual, of: older) == "stopped")
    }

    @Test("of two on their way, the one requested last stays, whichever is up first")
    func lastRequestWins() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let built = try world.build(&virtual)
        _ = virtual.send("PUT", "/sandbox/clock", #"{"deploying": "20s"}"#)
        let slow = try built.deploy(&virtual)
        _ = virtual.send("PUT", "/sandbox/clock", #"{"deploying": "5s"}"#)
        let fast = try built.deploy(&virtual)
        virtual.advance(.seconds(30))
        #expect(try built.status(&virtual, of: fast) == "deployed")
        #expect(try built.status(&virtual, of: slow) == "stopped")
    }

    @Test("a failing newer deployment leaves the older one up")
    func failedNewerChangesNothing() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let built = try world.build(&virtual)
        let older = try built.deploy(&virtual)
        let newer = try built.deploy(&virtual, #"{"environment": {"SANDBOX_FAIL": "deployment"}}"#)
        #expect(try built.status(&virtual, of: newer) == "failed")
        #expect(try built.status(&virtual, of: older) == "deployed")
    }

    @Test("stop and restart")
    func stopAndRestart() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        _ = virtual.send("PUT", "/sandbox/clock", #"{"stopping": "5s", "deploying": "2s"}"#)
        let built = try world.build(&virtual)
        let deployment = try built.deploy(&virtual)
        let path = "\(built.deployments)/\(deployment)"
        virtual.advance(.seconds(2))
        #expect(try virtual.call("POST", path + ":stop")["status"] == .string("stopping"))
        virtual.advance(.seconds(5))
        let stopped = try virtual.call("GET", path)
        #expect(stopped["status"] == .string("stopped"))
        #expect(stopped["stopped_at"]?.text == virtual.now.shortestRFC3339)
        #expect(try virtual.call("POST", path + ":restart", "{}")["status"] == .string("pending"))
        virtual.advance(.seconds(2))
        let restarted = try virtual.call("GET", path)
        #expect(restarted["status"] == .string("deployed"))
        #expect(restarted["stopped_at"] == .null)
    }

    @Test("the instant clock answers with the final states")
    func instant() throws {
        var virtual = VirtualSandbox()
        let world = try SandboxRun(&virtual)
        let registered = try virtual.call("POST", "/registry/models", world.registration())
        #expect(registered["model_versions"]?.elements?.first?["status"] == .string("READY"))
        let built = try world.build(&virtual, name: "other")
        #expect(try virtual.call("POST", built.builds, built.buildRequest)["status"] == .string("built"))
        #expect(try virtual.call("POST", built.deployments)["status"] == .string("deployed"))
    }

    @Test("the same seed gives the same ids and durations")
    func seeded() throws {
        var replies: [[UInt8]] = []
        for _ in 0..<2 {
            var virtual = VirtualSandbox(clock: .real, seed: 42)
            let world = try SandboxRun(&virtual)
            let built = try world.build(&virtual)
            virtual.advance(.seconds(200))
            _ = try built.deploy(&virtual)
            replies.append(virtual.send("GET", "/sandbox/state").body)
        }
        #expect(replies[0] == replies[1])
    }
}
