// SPDX-License-Identifier: Apache-2.0

/// A part of the workbench that can be down on its own.
package enum Component: String, Sendable, CaseIterable, Hashable {
    /// The workbench's API.
    case workbench
    /// The model registry behind it.
    case registry
}
