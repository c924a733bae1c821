// SPDX-License-Identifier: Apache-2.0

/// What becomes of an event.
package enum EventOutcome: String, Sendable, CaseIterable {
    /// Its rollout's last status, as the status topic says it.
    case deployed, skipped, failed, superseded
    /// Repeats another event: only counted.
    case duplicate
    /// Put aside, because it can't be understood.
    case deadLettered
}
