// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Something that was done to a worker or a broker.
struct InjectedFault: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        case kill, freeze, added, removed, broker
    }

    var kind: Kind
    /// Name under which the worker writes its journal; for a broker and for changes of the group any name.
    var worker: String
    /// Milliseconds since 1970.
    var from: Int64
    /// Milliseconds since 1970; `nil` while it lasts.
    var until: Int64?

    /// The wall clock, in milliseconds since 1970: the clock of records and of the audit on this machine.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
