// SPDX-License-Identifier: Apache-2.0

/// Which run as which model: what makes an event a repetition of another.
struct RolloutIdentity: Hashable, Sendable {
    let runID: String
    let modelName: String
}
