// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import WorkbenchSandbox

@testable import SandboxPrograms

@Suite("What was made twice, by the audit")
struct AuditLedgerTests {
    private static let marker = "slipway:0123456789abcdef0123456789abcdef"

    private func build(_ built: SandboxBuild, comment: String) -> String {
        String(built.buildRequest.dropLast()) + #", "comment": "\#(comment)"}"#
    }

    /// A run on its way to a deployment.
    private func deployed(_ virtual: inout VirtualSandbox) throws -> (SandboxRun, SandboxBuild) {
        let world = try SandboxRun(&virtual)
        var built = try world.build(&virtual)
        let body = self.build(built, comment: "\(AuditLedgerTests.marker).1f nightly")
        built.build = try objectID(try virtual.call("POST", built.builds, body))
        _ = try built.deploy(&virtual)
        return (world, built)
    }

    private func ledger(_ virtual: inout VirtualSandbox) throws -> AuditLedger {
        try AuditLedger(lines: virtual.send("GET", "/sandbox/audit").body)
    }

    @Test("one deployment makes each thing once")
    func clean() throws {
        var virtual = VirtualSandbox()
        _ = try self.deployed(&virtual)
        let ledger = try self.ledger(&virtual)
        #expect(ledger.duplicates.isEmpty)
        #expect(ledger.surplus == 0)
        #expect(ledger.made.count == 5)
        #expect(ledger.deploymentIDs.count == 1)
    }

    @Test("an audit that is told twice is full of duplicates")
    func doubled() throws {
        var virtual = VirtualSandbox()
        _ = try self.deployed(&virtual)
        let audit = virtual.send("GET", "/sandbox/audit").body
        let ledger = try AuditLedger(lines: audit + audit)
        #expect(ledger.surplus == 5)
        #expect(
            ledger.duplicates.map(\.operation) == [
                "CreateModel", "CreateModelBuild", "CreateModelBuild", "CreateModelDeployment", "CreateRegisteredModel",
            ]
        )
    }

    @Test("a second version of the same run is seen")
    func secondVersion() throws {
        var virtual = VirtualSandbox()
        let (world, _) = try self.deployed(&virtual)
        _ = try world.register(&virtual)
        let ledger = try self.ledger(&virtual)
        #expect(ledger.duplicates.map(\.description) == ["CreateRegisteredModel churn of run \(world.run)"])
    }

    @Test("a second build with the marker of the same rollout is seen, whatever else it says")
    func secondBuild() throws {
        var virtual = VirtualSandbox()
        let (_, built) = try self.deployed(&virtual)
        let body = self.build(built, comment: "\(AuditLedgerTests.marker).5a again")
        try virtual.call("POST", built.builds, body)
        let ledger = try self.ledger(&virtual)
        #expect(ledger.duplicates.map(\.description) == ["CreateModelBuild \(AuditLedgerTests.marker)"])
        #expect(ledger.surplus == 1)
    }

    @Test("a second deployment of a build is seen, and so is one that the client never heard of")
    func secondDeployment() throws {
        var virtual = VirtualSandbox()
        let (_, built) = try self.deployed(&virtual)
        try virtual.setFaults(#"[{"fault": "drop-after-apply", "count": 2}]"#)
        _ = virtual.send("POST", "/api/v2" + built.deployments, "{}")
        _ = virtual.send("POST", "/api/v2" + built.deployments, "{}")
        let ledger = try self.ledger(&virtual)
        #expect(ledger.duplicates.map(\.operation) == ["CreateModelDeployment"])
        #expect(ledger.surplus == 2)
    }

    @Test("what the workbench refused counts for nothing, and neither does what makes nothing")
    func refused() throws {
        var virtual = VirtualSandbox()
        let (_, built) = try self.deployed(&virtual)
        _ = virtual.send("POST", "/api/v2" + built.models, #"{"name": "churn"}"#)
        let deployment = try #require(try self.ledger(&virtual).deploymentIDs.first)
        try virtual.call("POST", "\(built.deployments)/\(deployment):stop")
        try virtual.call("POST", "\(built.deployments)/\(deployment):restart")
        #expect(try self.ledger(&virtual).surplus == 0)
    }

    @Test("a line that is not JSON is refused")
    func broken() {
        #expect(throws: TallyFailure.self) { try AuditLedger(lines: Array("{}\n{".utf8)) }
    }
}
