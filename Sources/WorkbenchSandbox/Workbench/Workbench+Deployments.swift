// SPDX-License-Identifier: Apache-2.0

import Values

extension Workbench {
    mutating func listDeployments(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let request = try ListRequest(call.query, .init(ignoresUnknown: true))
        let build = try self.build(call).record
        self.settle(model: try self.model(call).position, at: call.now)
        let page = self.deployments.page(of: build.deployments, request, for: call)
        return call.list("model_deployments", page) { $0.write(to: &$1, at: call.listTime) }
    }

    mutating func createDeployment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let build = try self.build(call).position
        let position = try self.addDeployment(call.fields, build: build, at: call.now)
        return try self.reply(call, at: position)
    }

    mutating func getDeployment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        try self.reply(call, at: try self.deploymentPosition(call))
    }

    /// Begins anew, as if it had been requested now.
    mutating func restartDeployment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let position = try self.deploymentPosition(call)
        let build = try self.build(call).record
        let marker = self.deployments[position]?.marker
        let attempt = self.attempt(build: build, marker: marker, at: call.now)
        self.deployments[position]?.attempt = attempt
        let model = try self.model(call).position
        if self.models[model]?.active.contains(position) == false { self.models[model]?.active.append(position) }
        return try self.reply(call, at: position)
    }

    /// Stops what is up or on its way; what has failed or stopped stays as it is.
    mutating func stopDeployment(_ call: WorkbenchCall) throws(APIFailure) -> WorkbenchReply {
        let position = try self.deploymentPosition(call)
        self.settle(model: try self.model(call).position, at: call.now)
        switch self.deployments[position]?.status(at: call.now) {
        case .pending, .deploying, .deployed: self.deployments[position]?.attempt.stopsAt = call.now
        case .stopping, .stopped, .failed, nil: break
        }
        return try self.reply(call, at: position)
    }

    /// Makes a deployment from a creating call or from the short form inside another.
    ///
    /// - Returns: Its position.
    mutating func addDeployment(_ fields: Fields, build position: Int, at now: Timestamp) throws(APIFailure) -> Int {
        try self.checkSizes(fields)
        guard let build = self.builds[position], let model = self.models.position(of: build.modelID),
            let record = self.models[model]
        else { throw .notFound("build", "") }
        if self.quirks.contains(.earlyDeploymentRefused), build.status(at: now) != "built" {
            throw APIFailure(.failedPrecondition, "build \(build.id) is \(build.status(at: now))")
        }
        let defaults = record.defaults
        let environment = fields.map("environment")
        let marker =
            environment.value(of: FailureMarker.variable).flatMap(FailureMarker.init(rawValue:)) ?? build.marker
        let id = self.identifiers.uuid()
        let replicas = fields.int32("replicas")
        let deployment = DeploymentRecord(
            id: id,
            crn: self.identifiers.crn(of: id),
            projectID: record.projectID,
            modelID: record.id,
            buildID: build.id,
            cpu: nonZero(fields.double("cpu")) ?? Double(defaults.cpuMillicores) / 1000,
            memory: nonZero(fields.double("memory")) ?? Double(defaults.memoryMegabytes) / 1024,
            gpus: fields.int32("nvidia_gpus"),
            replicas: replicas == 0 ? Int32(clamping: defaults.replicas) : replicas,
            environment: environment,
            placement: Placement(fields),
            createdAt: now,
            marker: marker,
            attempt: self.attempt(build: build, marker: marker, at: now)
        )
        let added = self.deployments.append(deployment)
        self.builds[position]?.deployments.append(added)
        self.models[model]?.active.append(added)
        return added
    }

    private mutating func attempt(
        build: BuildRecord,
        marker: FailureMarker?,
        at now: Timestamp
    ) -> DeploymentRecord.Attempt {
        self.deploymentOrder += 1
        let isTooEarly = self.quirks.contains(.earlyDeploymentFails) && build.finishesAt > now
        let startsAt = isTooEarly ? now : max(now, build.finishesAt)
        // Without an image there is nothing to wait for.
        let hasImage = build.failure == nil && !isTooEarly
        let work = self.durations.duration(in: self.clock.deploying)
        return DeploymentRecord.Attempt(
            order: self.deploymentOrder,
            startsAt: startsAt,
            endsAt: hasImage ? startsAt.advanced(by: work) : startsAt,
            fails: !hasImage || marker == .deployment,
            stoppingTime: self.durations.duration(in: self.clock.stopping)
        )
    }

    func checkSizes(_ fields: Fields) throws(APIFailure) {
        if self.quirks.contains(.sizesRequired) {
            for name in ["cpu", "memory", "replicas"] where fields.double(name) == nil {
                throw .invalid("\(name) is required")
            }
        }
        for name in ["cpu", "memory", "nvidia_gpus", "replicas"] {
            guard (fields.double(name) ?? 0) >= 0 else { throw .invalid("\(name): must not be negative") }
        }
    }

    /// Records which deployments of a model have been displaced by now.
    ///
    /// One that comes up stops all that were requested before it, in whatever state they are.
    mutating func settle(model position: Int, at now: Timestamp) {
        guard !self.quirks.contains(.keepsOlderDeployments), let active = self.models[position]?.active,
            active.count > 1
        else { return }
        let records = active.compactMap { position in self.deployments[position].map { (position, $0) } }
        for (_, winner) in records {
            guard let upAt = winner.comesUpAt, upAt <= now else { continue }
            for (other, loser) in records where loser.attempt.order < winner.attempt.order {
                let known = self.deployments[other]?.attempt.stopsAt
                self.deployments[other]?.attempt.stopsAt = min(known ?? upAt, upAt)
            }
        }
        self.models[position]?.active.removeAll { position in
            guard let deployment = self.deployments[position] else { return true }
            switch deployment.status(at: now) {
            case .pending, .deploying, .deployed: return false
            case .stopping, .stopped, .failed: return true
            }
        }
    }

    private func deploymentPosition(_ call: WorkbenchCall) throws(APIFailure) -> Int {
        let build = try self.build(call).record
        guard let position = self.deployments.position(of: call.path.deployment),
            let deployment = self.deployments[position], deployment.buildID == build.id, call.shows(deployment)
        else { throw .notFound("deployment", call.path.deployment) }
        return position
    }

    private mutating func reply(_ call: WorkbenchCall, at position: Int) throws(APIFailure) -> WorkbenchReply {
        self.settle(model: try self.model(call).position, at: call.now)
        guard let deployment = self.deployments[position] else {
            throw .notFound("deployment", call.path.deployment)
        }
        var reply = call.object { deployment.write(to: &$0, at: call.now) }
        reply.identifiers = [ObjectID(.deployment, deployment.id)]
        return reply
    }
}

private func nonZero(_ value: Double?) -> Double? {
    value == 0 ? nil : value
}
