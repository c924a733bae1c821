// SPDX-License-Identifier: Apache-2.0

/// What a status event says about a rollout: `dev.slipway.rollout.<phase>.v1`.
package enum Phase: String, Codable, Sendable, CaseIterable {
    /// Taken over: journalled, with its offset committed.
    case accepted
    /// Resolved, behind another rollout of its model.
    case queued
    /// A version of the run is being registered.
    case registering
    /// The model is being built.
    case building
    /// The build is being deployed.
    case deploying
    /// The deployed model is being asked its sample request.
    case verifying
    /// Held by an outage; goes on by itself.
    case waiting
    /// Terminal: running and, where asked for, verified.
    case deployed
    /// Terminal: given up, with a cause.
    case failed
    /// Terminal: not wanted, with a cause.
    case skipped
    /// Terminal: a newer run of the model takes its place.
    case superseded

    /// Whether nothing follows.
    package var isTerminal: Bool {
        switch self {
        case .deployed, .failed, .skipped, .superseded: true
        case .accepted, .queued, .registering, .building, .deploying, .verifying, .waiting: false
        }
    }
}
