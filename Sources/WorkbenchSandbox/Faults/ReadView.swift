// SPDX-License-Identifier: Apache-2.0

import Values

/// What a reading call sees of a workbench that lags behind itself; the default sees all of it as it is.
struct ReadView: Sendable, Equatable {
    /// What was made later is not shown; `nil`: everything is.
    private var newest: Timestamp?
    /// Lists show what was there at this moment; `nil`: now.
    private(set) var listsAsOf: Timestamp?
    /// Decides the order of lists; `nil`: that of creation.
    private(set) var shuffle: UInt32?

    /// Hides what was made after a moment.
    mutating func hide(after moment: Timestamp) {
        self.newest = min(self.newest ?? moment, moment)
    }

    /// Shows lists as they were at a moment, if no earlier one was given.
    mutating func showLists(asOf moment: Timestamp) {
        self.listsAsOf = min(self.listsAsOf ?? moment, moment)
    }

    /// Puts lists in an order.
    mutating func shuffle(by salt: UInt32) {
        self.shuffle = salt
    }

    /// Whether a read by id finds what was made at that moment.
    func shows(madeAt moment: Timestamp) -> Bool {
        self.newest.map { moment <= $0 } ?? true
    }

    /// Whether a list holds what was made at that moment.
    func lists(madeAt moment: Timestamp) -> Bool {
        self.shows(madeAt: moment) && (self.listsAsOf.map { moment <= $0 } ?? true)
    }
}
