// SPDX-License-Identifier: Apache-2.0

import WorkbenchAPI

/// The tag by which a version is known as one rollout's.
struct MarkerTag: Sendable {
    /// The tag's name.
    static let key = "slipway.rollout"

    /// The tag as it is sent.
    let tag: APITag

    /// Creates the tag of a rollout's marker.
    init(_ marker: String) { self.tag = APITag(key: Self.key, value: marker) }

    /// Whether a version has it.
    func isCarried(by version: RegisteredModelVersion) -> Bool { version.tags[self.tag.key] == self.tag.value }
}
