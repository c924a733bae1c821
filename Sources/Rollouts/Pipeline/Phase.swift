// SPDX-License-Identifier: Apache-2.0

/// What a status event says about a rollout: `dev.slipway.rollout.<phase>.v1`.
package enum Phase: String, Codable, Sendable, CaseIterable {
    /// Taken over: journalled, with its offset committed. Next: any.
    case accepted
    /// Resolved, behind another rollout of its model. Next: any but `accepted`.
    case queued
    /// A version of the run is being registered. Next: `building`, `waiting`, a terminal one.
    case registering
    /// The model is being built. Next: `deploying`, `waiting`, a terminal one.
    case building
    /// The build is being deployed. Next: `verifying`, `waiting`, a terminal one.
    case deploying
    /// The deployed model is being asked its sample request. Next: `waiting`, a terminal one.
    case verifying
    /// Held by an outage, a doubt or a quota; goes on by itself. Next: the phase of its step, or a terminal one.
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
