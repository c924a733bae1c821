// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

extension Sandbox {
    /// Answers a request to the controls under `/sandbox`.
    mutating func receiveControl(_ request: SandboxRequest, at now: Timestamp) -> SandboxDelivery {
        do {
            switch (request.method, request.path) {
            case ("GET", "/sandbox/audit"):
                return SandboxDelivery(status: 200, body: self.audit.lines, contentType: "application/x-ndjson")
            case ("GET", "/sandbox/state"):
                return SandboxDelivery(status: 200, body: try self.state(request, at: now))
            case ("DELETE", "/sandbox/state"):
                self.workbench.removeAll()
                self.audit.removeAll()
                return SandboxDelivery(status: 200, body: Array("{}".utf8))
            case ("GET", "/sandbox/faults"): return self.faultsReply()
            case ("PUT", "/sandbox/faults"):
                self.faults = try FaultPlan(try Sandbox.json(request.body), at: now)
                return self.faultsReply()
            case ("DELETE", "/sandbox/faults"):
                self.faults = FaultPlan()
                return self.faultsReply()
            case ("GET", "/sandbox/quirks"): return self.quirksReply()
            case ("PUT", "/sandbox/quirks"):
                try self.setQuirks(try Sandbox.json(request.body))
                return self.quirksReply()
            case ("GET", "/sandbox/clock"): return self.clockReply()
            case ("PUT", "/sandbox/clock"):
                try self.setClock(try Sandbox.json(request.body))
                return self.clockReply()
            default: return Sandbox.wrongControl(request)
            }
        } catch {
            return SandboxDelivery(.invalid(error.description))
        }
    }

    private static let controls: [(path: String, methods: String)] = [
        ("/sandbox/audit", "GET"), ("/sandbox/state", "GET, DELETE"), ("/sandbox/faults", "GET, PUT, DELETE"),
        ("/sandbox/quirks", "GET, PUT"), ("/sandbox/clock", "GET, PUT"),
    ]

    private static func wrongControl(_ request: SandboxRequest) -> SandboxDelivery {
        guard let control = self.controls.first(where: { $0.path == request.path }) else {
            let known = self.controls.map(\.path).joined(separator: ", ")
            return SandboxDelivery(APIFailure(.notFound, "no such control; there are: \(known)"))
        }
        var refusal = SandboxDelivery(APIFailure(.unimplemented, "Method Not Allowed", status: 405))
        refusal.headers.append(("Allow", control.methods))
        return refusal
    }

    private static func json(_ body: [UInt8]) throws(ControlFailure) -> JSONValue {
        do {
            return try JSONValue(lenientlyParsing: body)
        } catch {
            throw ControlFailure("the body is not JSON: \(error)")
        }
    }

    private func faultsReply() -> SandboxDelivery {
        var writer = ProtoWriter()
        self.faults.write(to: &writer)
        return SandboxDelivery(status: 200, body: writer.bytes)
    }

    private mutating func setClock(_ value: JSONValue) throws(ControlFailure) {
        let object = try ControlObject(
            value,
            "clock",
            allowed: ["preset", "registering", "building", "deploying", "stopping", "seed"]
        )
        var clock = self.workbench.clock
        if let name = try object.text("preset") {
            guard let preset = LifeCycleClock.presets.first(where: { $0.name == name }) else {
                let names = LifeCycleClock.presets.map(\.name).joined(separator: ", ")
                throw object.mismatch("preset", "one of \(names)")
            }
            clock = preset.clock
        }
        clock.registering = try object.durations("registering") ?? clock.registering
        clock.building = try object.durations("building") ?? clock.building
        clock.deploying = try object.durations("deploying") ?? clock.deploying
        clock.stopping = try object.durations("stopping") ?? clock.stopping
        if let seed = try object.whole("seed", 0...Int64.max) {
            self.workbench.durations = SeededGenerator(seed: UInt64(seed))
        }
        self.workbench.clock = clock
    }

    private func clockReply() -> SandboxDelivery {
        let clock = self.workbench.clock
        return SandboxDelivery(
            status: 200,
            body: ProtoWriter.object { writer in
                writer.durations("registering", clock.registering)
                writer.durations("building", clock.building)
                writer.durations("deploying", clock.deploying)
                writer.durations("stopping", clock.stopping)
            }
        )
    }
}

// MARK: - State

extension Sandbox {
    private static let kinds = [
        "projects", "experiments", "runs", "registeredModels", "versions", "models", "builds", "deployments",
    ]

    /// Counts and objects by kind; `?kind=K` gives the objects of one kind only, `?kind=none` the counts alone.
    private mutating func state(_ request: SandboxRequest, at now: Timestamp) throws(ControlFailure) -> [UInt8] {
        let kind = Query(request.query)?["kind"] ?? ""
        guard kind.isEmpty || kind == "none" || Sandbox.kinds.contains(kind) else {
            throw ControlFailure("kind: one of none, \(Sandbox.kinds.joined(separator: ", ")) is expected")
        }
        self.workbench.settleAll(at: now)
        let workbench = self.workbench
        return ProtoWriter.object { writer in
            writer.object("counts") { writer in
                writer.count("projects", workbench.projects.count)
                writer.count("experiments", workbench.experiments.count)
                writer.count("runs", workbench.runs.count)
                writer.count("registeredModels", workbench.registeredModels.count)
                writer.count("versions", workbench.versions.count)
                writer.count("models", workbench.models.count)
                writer.count("builds", workbench.builds.count)
                writer.count("deployments", workbench.deployments.count)
                writer.count("audited", self.audit.entries.count)
                writer.count("lateCalls", self.lateCalls)
            }
            writer.object("objects") { writer in
                for name in Sandbox.kinds where kind.isEmpty || kind == name {
                    writer.member(name) { writer in
                        writer.array { workbench.write(kind: name, to: &$0, at: now) }
                    }
                }
            }
        }
    }
}

extension Workbench {
    fileprivate mutating func settleAll(at now: Timestamp) {
        for position in self.models.allPositions { self.settle(model: position, at: now) }
    }

    fileprivate func write(kind: String, to writer: inout ProtoWriter, at now: Timestamp) {
        switch kind {
        case "projects": for project in self.projects.all { project.write(to: &writer) }
        case "experiments": for experiment in self.experiments.all { experiment.write(to: &writer) }
        case "runs": for run in self.runs.all { self.write(run, to: &writer) }
        case "registeredModels":
            for model in self.registeredModels.all { writer.object { model.writeFields(to: &$0) } }
        case "versions": for version in self.versions.all { version.write(to: &writer, at: now) }
        case "models":
            for model in self.models.all {
                let project = self.projects.position(of: model.projectID).flatMap { self.projects[$0] }
                model.write(to: &writer, project: project, showsAccessKey: false)
            }
        case "builds": for build in self.builds.all { build.write(to: &writer, at: now) }
        case "deployments": for deployment in self.deployments.all { deployment.write(to: &writer, at: now) }
        default: break
        }
    }
}
