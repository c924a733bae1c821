// SPDX-License-Identifier: Apache-2.0

/// Parts of a workbench that go down and come back each by itself.
package enum WorkbenchFamily: String, Sendable, CaseIterable {
    /// Keys.
    case auth
    /// Projects, experiments and runs.
    case projects
    /// Models, builds, deployments and the runtimes that builds use.
    case models
    /// Registered models and their versions.
    case registry
    /// The service that answers requests to deployed models.
    case modelservice

    /// The family that a path belongs to, whether or not there is such an operation; `nil` for none.
    init?(path: String) {
        if path.hasPrefix(ModelService.root) {
            self = .modelservice
            return
        }
        guard path.hasPrefix(Sandbox.apiPrefix) else { return nil }
        let segments = path.utf8.dropFirst(Sandbox.apiPrefix.utf8.count).split(
            separator: UInt8(ascii: "/"),
            maxSplits: 3,
            omittingEmptySubsequences: false
        )
        switch String(Substring(segments[0])) {
        case "auth": self = .auth
        case "registry": self = .registry
        case "models", "runtimes": self = .models
        case "experiments": self = .projects
        case "projects":
            // Models lie below their project.
            self = segments.count > 2 && segments[2].elementsEqual("models".utf8) ? .models : .projects
        default: return nil
        }
    }
}
