// SPDX-License-Identifier: Apache-2.0

/// What a drill lets go wrong.
package enum DrillFault: String, Sendable, CaseIterable {
    /// Workers are killed with SIGKILL and started again.
    case kill
    /// Workers stand still (SIGSTOP) for longer than their session lasts, and go on (SIGCONT).
    case freeze
    /// Workers are added and removed.
    case rebalance
    /// Brokers are killed and started again.
    case broker
    /// Calls of the workbench fail, are cut, or get answers that can't be read.
    case api
    /// Calls of the workbench take their time.
    case slow
    /// Calls of the workbench are applied after their client has given up.
    case late
    /// Events come without a key, or hashed in another way, so that those of one model lie in several partitions.
    case scattered
    /// Events come again, as they were and as replays.
    case replay
}
