// SPDX-License-Identifier: Apache-2.0

package import Machine
package import Rollouts

/// What something needs that answers in a port's place, beside the port that it stands before.
package struct PortSurroundings: Sendable {
    /// Tells the machine what has happened, as a port does; callable from any thread.
    package let deliver: @Sendable ([Input]) -> Void
    /// Writes transactions down as the journal's port does, in this process's name.
    package let encoder: TransactionEncoder
}
