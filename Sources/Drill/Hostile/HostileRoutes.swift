// SPDX-License-Identifier: Apache-2.0

import WorkbenchSandbox

/// The routes of a hostile drill, all in one place: who may ask for what, by the topic that it comes on.
enum HostileRoutes {
    /// What the tenant may ask for at most, and more than teams ask for.
    static let mostOfEach: [(size: AuditEntry.Size, most: Double)] = [
        (.cpu, 2), (.memory, 8), (.gpus, 0), (.replicas, 1),
    ]

    /// How many rollouts of the tenant's may be under way.
    static let underWay = 60
    /// How many rollouts of one model of the tenant's may begin in an hour.
    static let perModelPerHour = 3

    /// What the registered model of an honest run is called.
    static func registeredName(_ run: HostilePlan.Run) -> String { "\(run.project.name)-\(run.model)" }

    private static func most(_ size: AuditEntry.Size) -> Int {
        Int(self.mostOfEach.first { $0.size == size }?.most ?? 0)
    }

    /// The routes file.
    static func text(_ topics: DrillTopics) -> String {
        """
        routes:
          - name: teams
            match:
              topic: "\(topics.events)"
              project: ["\(HostilePlan.teams.map(\.id).joined(separator: #"", ""#))"]
            queue: every
            verify:
              request: {inputs: [1]}
            registry:
              name: "{projectName|slug}-{model}"
            limits:
              modelNames: ["\(HostilePlan.teamPrefix)*"]
          - name: tenant
            match:
              topic: "\(topics.tenant ?? "")"
              project: ["\(HostilePlan.tenant.id)"]
            projects: ["\(HostilePlan.tenant.id)"]
            queue: every
            quota:
              underWay: \(Self.underWay)
              perModelPerHour: \(Self.perModelPerHour)
            registry:
              name: "{experimentName|slug}-{model}"
            limits:
              cpu: \(Self.most(.cpu))
              memoryGB: \(Self.most(.memory))
              gpus: \(Self.most(.gpus))
              replicas: \(Self.most(.replicas))
              modelNames: ["\(HostilePlan.tenantPrefix)*"]
        """
    }
}
