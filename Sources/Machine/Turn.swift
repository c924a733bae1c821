// SPDX-License-Identifier: Apache-2.0

package import Values

/// What one turn of the machine comes to.
package struct Turn: Sendable {
    /// What is to be done, in order.
    package var actions: [Action] = []
    /// What is to be told.
    package var reports: [Report] = []
    /// When the machine wants to be woken at the latest; `nil` for not before the next input.
    package var wakeAt: MonotonicTime?
    /// What is under way, for the one who watches from outside whether the worker gets on.
    package var underWay = UnderWay()

    /// Creates a turn that comes to nothing.
    package init() {}
}

/// What is under way after a turn, and since when.
package struct UnderWay: Sendable, Equatable {
    /// Since when a transaction is under way.
    package var committingSince: MonotonicTime?
    /// The request to the workbench that has been under way for the longest, and since when.
    package var oldestCall: OldestCall?
    /// When the machine wants to be woken; a time that has passed means that nobody did.
    package var wakeAt: MonotonicTime?
    /// How long requests take of late, and how long they usually do.
    package var pace = CallPace()

    /// The request that has been under way for the longest.
    package struct OldestCall: Sendable, Equatable {
        /// The call's name, from a closed list.
        package var name: String
        /// When it began.
        package var began: MonotonicTime

        /// Creates one.
        package init(name: String, began: MonotonicTime) {
            self.name = name
            self.began = began
        }
    }

    /// Creates one with nothing under way.
    package init() {}
}
