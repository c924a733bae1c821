// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A boundary between two steps of the worker's work, at which the process can freeze, end or get stuck.
enum Boundary: String, Sendable, CaseIterable {
    /// Any transaction is about to begin, also one that only makes a partition ready.
    case beforeTransaction
    /// A transaction that holds the intent of a creating call is about to begin.
    case beforeIntent
    /// A transaction that holds the intent of a creating call is committed; the machine has not been told.
    case afterIntent
    /// A creating call is about to be handed to the HTTP client, which asks for the last time whether it is too late.
    case beforeCall
    /// A creating call was answered, or its failure seen; the machine has not been told.
    case afterCall
    /// A transaction that holds the outcome of a step is about to begin.
    case beforeJournal
    /// A transaction that holds the outcome of a step is committed; the machine has not been told.
    case afterJournal
}

/// Where and how the process stops.
struct BoundaryStop: Sendable {
    /// What the process does to itself.
    enum Verb: String, Sendable {
        /// It stands still until somebody thaws it.
        case freeze
        /// It ends at once.
        case kill
        /// What is at the boundary goes no further, ever.
        case hold
    }

    let boundary: Boundary
    /// At which time that it is reached, counted from 1.
    let number: Int
    let verb: Verb

    /// Stops this very thread, and the process with it, so that nothing behind the boundary is done before.
    ///
    /// - Returns: Whether what is at the boundary goes on.
    func perform() -> Bool {
        switch self.verb {
        case .freeze: raise(SIGSTOP)
        case .kill: raise(SIGKILL)
        case .hold:
            // Whoever started it can't see this in another way.
            let line = "held at \(self.boundary.rawValue)\n"
            _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            return false
        }
        return true
    }
}
