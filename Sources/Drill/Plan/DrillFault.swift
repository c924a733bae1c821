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
    /// Somebody in between answers in the workbench's place: an ingress, a firewall, a login page, a redirect.
    case proxy
    /// A part of the workbench is down while the others answer.
    case partial
    /// Lists and reads do not show yet what was just made, and lists run in any order.
    case lag
    /// A gateway sends changing calls on twice.
    case twins
    /// Comments and tags are not kept.
    case forget
    /// What operators do to topics: the events topic grows, somebody writes to the journal and takes it away again.
    case operators
    /// Events come without a key, or hashed in another way, so that those of one model lie in several partitions.
    case scattered
    /// Events come again, as they were and as replays.
    case replay

    /// Whether the workbench, or somebody before it, does it.
    var isOfWorkbench: Bool {
        switch self {
        case .api, .slow, .late, .proxy, .partial, .lag, .twins, .forget: true
        case .kill, .freeze, .rebalance, .broker, .operators, .scattered, .replay: false
        }
    }
}
