// SPDX-License-Identifier: Apache-2.0

/// A part of the workbench that can be down on its own, with a probe of its own (rule 13).
package enum Component: String, Sendable, CaseIterable, Hashable {
    /// The way into the API, and the key: nothing of the API works without it.
    case workbench
    /// Projects, experiments and runs.
    case experiments
    /// Models, builds and deployments.
    case models
    /// The model registry behind it.
    case registry
    /// The service that answers requests to deployed models; it has a host of its own.
    case modelService

    /// Whether it is reached through `workbench`.
    package var isBehindWorkbench: Bool {
        switch self {
        case .workbench, .modelService: false
        case .experiments, .models, .registry: true
        }
    }

    /// Whether nothing of another component is served while this one is down.
    func isNeeded(by other: Component) -> Bool { self == other || self == .workbench && other.isBehindWorkbench }
}
