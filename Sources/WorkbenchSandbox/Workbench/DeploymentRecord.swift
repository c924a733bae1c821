// SPDX-License-Identifier: Apache-2.0

import Values

/// A deployment of a build.
///
/// All its states follow from the moments kept here; nothing runs in the background.
struct DeploymentRecord: Sendable, Identifiable {
    let id: String
    let crn: String
    let projectID: String
    let modelID: String
    let buildID: String
    /// Cores.
    let cpu: Double
    /// Gigabytes.
    let memory: Double
    let gpus: Int32
    let replicas: Int32
    let environment: [KeyValue]
    let placement: Placement
    let createdAt: Timestamp
    let marker: FailureMarker?
    var attempt: Attempt

    /// One way from a request (create or restart) to its end.
    struct Attempt: Sendable {
        /// Place among all requests of the workbench; a later one displaces an earlier one of the same model.
        let order: Int
        /// When work on it can begin: the request, or the end of its build if that is later.
        let startsAt: Timestamp
        /// When it is up, or has failed.
        let endsAt: Timestamp
        let fails: Bool
        /// How long `stopping` lasts.
        let stoppingTime: Duration
        /// When it was told to stop, by `:stop` or by a newer deployment that came up.
        var stopsAt: Timestamp?
    }

    /// A moment's state.
    enum Status: String, Sendable {
        case pending, deploying, deployed, stopping, stopped, failed
    }

    func status(at now: Timestamp) -> Status {
        let attempt = self.attempt
        if attempt.fails, now >= attempt.endsAt, attempt.stopsAt ?? attempt.endsAt >= attempt.endsAt { return .failed }
        if let stopsAt = attempt.stopsAt, now >= stopsAt {
            return now >= stopsAt.advanced(by: attempt.stoppingTime) ? .stopped : .stopping
        }
        if now >= attempt.endsAt { return .deployed }
        // The first tenth of the work is spent waiting for a place in the cluster.
        let work = attempt.endsAt.duration(since: attempt.startsAt)
        return now < attempt.startsAt.advanced(by: work / 10) ? .pending : .deploying
    }

    /// When it comes up; `nil` if it fails or was stopped before.
    var comesUpAt: Timestamp? {
        guard !self.attempt.fails else { return nil }
        if let stopsAt = self.attempt.stopsAt, stopsAt <= self.attempt.endsAt { return nil }
        return self.attempt.endsAt
    }

    func write(to writer: inout ProtoWriter, at now: Timestamp) {
        let status = self.status(at: now)
        let stoppedAt = self.attempt.stopsAt.map { $0.advanced(by: self.attempt.stoppingTime) }
        writer.object { writer in
            writer.string("project_id", self.projectID)
            writer.string("model_id", self.modelID)
            writer.string("build_id", self.buildID)
            writer.string("id", self.id)
            writer.double("cpu", self.cpu)
            writer.double("memory", self.memory)
            writer.int32("nvidia_gpu", self.gpus)
            writer.mapText("environment", self.environment)
            writer.time("created_at", self.createdAt)
            writer.time("updated_at", self.updatedAt(now))
            writer.time("stopped_at", status == .stopped ? stoppedAt : nil)
            writer.string("crn", self.crn)
            ShortUser.owner.write("deployer", to: &writer)
            writer.status(status.rawValue)
            writer.int32("replicas", self.replicas)
            self.placement.write(to: &writer)
        }
    }

    private func updatedAt(_ now: Timestamp) -> Timestamp {
        [self.attempt.startsAt, self.attempt.endsAt, self.attempt.stopsAt]
            .compactMap { $0 }.filter { $0 <= now }.max() ?? self.createdAt
    }
}

extension DeploymentRecord: Listable {
    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        .unset
    }
}
