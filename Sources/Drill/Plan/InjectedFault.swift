// SPDX-License-Identifier: Apache-2.0

import Values

/// Something that was done to a worker or a broker.
///
/// Its times are of this machine's wall clock, as those of records and of the audit are.
struct InjectedFault: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        case kill, freeze, added, removed, broker, grown, stray
    }

    var kind: Kind
    /// Name under which the worker writes its journal; for a broker and for changes of the group any name.
    var worker: String
    var from: Timestamp
    /// `nil` while it lasts.
    var until: Timestamp?
}
