// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

/// SIGTERM and SIGINT as a wish to stop in order; the second one ends the process at once.
package final class StopSignals {
    private static let numbers = [SIGTERM, SIGINT]
    private let sources: [any DispatchSourceSignal]

    /// Begins to listen.
    ///
    /// - Parameter stop: Called once a signal, from any thread; must not block.
    package init(_ stop: @escaping @Sendable () -> Void) {
        self.sources = Self.numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                for number in StopSignals.numbers { signal(number, SIG_DFL) }
                stop()
            }
            source.activate()
            return source
        }
    }

    /// Ends listening.
    package func cancel() {
        for source in self.sources { source.cancel() }
    }
}
