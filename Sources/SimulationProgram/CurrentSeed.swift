// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The seed of the world that is being run, told where the process ends by a trap: an invariant of the machine, or a question
/// that the modelled Kafka doesn't answer.
enum CurrentSeed {
    private static let seed = Atomic<UInt64>(0)

    /// Notes which seed's world is being run.
    static func set(_ seed: UInt64) { self.seed.store(seed, ordering: .relaxed) }

    /// From now on a trap names the seed before the process ends.
    static func tellIfTrapped() {
        for number in [SIGILL, SIGTRAP, SIGABRT] {
            signal(number) { number in
                CurrentSeed.tell()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    /// Writes the seed with nothing but what a signal handler may call.
    private static func tell() {
        var digits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { buffer in
            var (rest, place) = (self.seed.load(ordering: .relaxed), buffer.count - 1)
            buffer[place] = UInt8(ascii: "\n")
            repeat {
                place -= 1
                buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            let text: StaticString = "trapped in the world of seed "
            _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            if let base = buffer.baseAddress { _ = write(STDERR_FILENO, base + place, buffer.count - place) }
        }
    }
}
