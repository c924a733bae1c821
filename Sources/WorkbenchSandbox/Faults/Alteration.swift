// SPDX-License-Identifier: Apache-2.0

/// A fault that delays a call, or changes what is kept or shown of it; several can hit the same call.
package enum Alteration: Sendable, Equatable {
    /// The call is applied at once, its reply comes after the delay.
    case latency(ClosedRange<Duration>)
    /// Fields with zero values are left out of the reply.
    case sparse
    /// Lists run backwards.
    case reversedOrder
    /// Status words come in capitals.
    case upperCaseStatus
    /// Status words are replaced by this one.
    case unknownStatus(String)
    /// Every page names itself as the next one.
    case repeatedPageToken
    /// Lists and reads by id show an object only when it is that old; changing calls know it at once.
    case visibleAfter(ClosedRange<Duration>)
    /// Lists show what was there that long ago, in the states of then; what was deleted since is still in them.
    case stale(ClosedRange<Duration>)
    /// Lists run in any order, the same on all pages of one listing.
    case shuffled
    /// Fields of a changing call's body are not kept, or only so many bytes of their texts.
    case forget(ForgottenFields)

    /// Which calls it can change.
    enum Reach {
        case all, reading, changing
    }

    var reach: Reach {
        switch self {
        case .latency, .sparse, .reversedOrder, .upperCaseStatus, .unknownStatus, .repeatedPageToken: .all
        case .visibleAfter, .stale, .shuffled: .reading
        case .forget: .changing
        }
    }
}

/// Fields of a request that the workbench accepts and does not keep as they were sent.
package struct ForgottenFields: Sendable, Equatable {
    /// A field that a client can put its own marks into.
    package enum Field: String, Sendable, CaseIterable {
        case comment, tags, notes, description, environment
    }

    /// Which ones.
    package var fields: Set<Field>
    /// How many bytes of each text in them are kept; `nil`: the fields are lost whole.
    package var keptBytes: Int?

    /// Creates them; without a number of bytes the fields are lost whole.
    package init(_ fields: Set<Field>, keptBytes: Int? = nil) {
        self.fields = fields
        self.keptBytes = keptBytes
    }
}
