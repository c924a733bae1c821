// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether events are let in.
final class IntakeGate: Sendable {
    /// Why they are not.
    enum Reason: Sendable, Hashable {
        /// As much as allowed is accepted and unfinished, or waits for the journal.
        case full
        /// The worker is stopping.
        case stopping
    }

    private let reasons = Mutex<Set<Reason>>([])

    /// Whether nothing stands in the way.
    var isOpen: Bool { self.reasons.withLock { $0.isEmpty } }

    /// Closes it.
    ///
    /// - Returns: Whether it was open for this reason before.
    @discardableResult
    func close(_ reason: Reason) -> Bool { self.reasons.withLock { $0.insert(reason).inserted } }

    /// Takes a reason away.
    ///
    /// - Returns: Whether it is open now and was not before.
    func open(_ reason: Reason) -> Bool {
        self.reasons.withLock { reasons in
            guard reasons.remove(reason) != nil else { return false }
            return reasons.isEmpty
        }
    }
}
