// SPDX-License-Identifier: Apache-2.0

/// Picking the runtime that builds the model.
extension Rollout {
    func foundRuntime(_ identifier: String?) -> Verdict {
        guard let identifier else {
            return .finish(
                .failed,
                Cause(.runtimeNotFound, "no enabled runtime fits \(self.state.plan.runtime.summary)")
            )
        }
        self.state.made.runtimeIdentifier = identifier
        return .proceed
    }
}

extension RuntimeChoice {
    /// The choice in words.
    package var summary: String {
        switch self {
        case .identifier(let identifier): "identifier '\(identifier)'"
        case .newest(let kernel, let edition, let editor):
            "kernel '\(kernel)', edition '\(edition)'" + (editor.map { ", editor '\($0)'" } ?? "")
        }
    }
}
