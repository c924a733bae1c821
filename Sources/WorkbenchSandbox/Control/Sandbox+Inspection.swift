// SPDX-License-Identifier: Apache-2.0

package import Values

/// A deployment as a caller in process sees it.
package struct DeploymentView: Sendable, Equatable {
    /// Its id.
    package let id: String
    /// Its model.
    package let modelID: String
    /// Its build.
    package let buildID: String
    /// Whether it is up.
    package let isUp: Bool
    /// Whether it is on its way up.
    package let isComing: Bool
}

// MARK: - What a caller in process asks

extension Sandbox {
    /// All deployments, in the order in which they were made.
    package func deployments(at now: Timestamp) -> [DeploymentView] {
        self.workbench.deployments.all.map { record in
            let status = record.status(at: now)
            return DeploymentView(
                id: record.id,
                modelID: record.modelID,
                buildID: record.buildID,
                isUp: status == .deployed,
                isComing: status == .pending || status == .deploying
            )
        }
    }

    /// What the workbench answers where it refuses a call by its own word.
    package func refuse(status: Int, _ message: String) -> SandboxDelivery {
        SandboxDelivery(APIFailure(APIFailure.Code(status: status), message, status: status))
    }
}
