// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The revocation that is held back until the application has finished with its partitions; one at a time.
///
/// While it is held the application may still commit with the membership it has.
final class Revocations: Sendable {
    private struct State {
        var lastNumber: UInt64 = 0
        /// The one that is held back; `nil` for none.
        var held: UInt64?
    }

    private let state = Mutex(State())

    /// One begins.
    ///
    /// - Returns: Its number.
    func begin() -> UInt64 {
        self.state.withLock { state in
            state.lastNumber += 1
            state.held = state.lastNumber
            return state.lastNumber
        }
    }

    /// The application lets one go; any but the one held back is ignored.
    func letGo(_ number: UInt64) {
        self.state.withLock { if $0.held == number { $0.held = nil } }
    }

    /// Whether it is not held back any more.
    func isOver(_ number: UInt64) -> Bool { self.state.withLock { $0.held != number } }

    /// It was let go, or its time is up.
    func end(_ number: UInt64) { self.letGo(number) }
}
