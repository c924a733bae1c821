// SPDX-License-Identifier: Apache-2.0

/// What a fault rule does to the calls that it hits.
package enum FaultEffect: Sendable, Equatable {
    /// Takes the whole call; of all rules only the first that hits does.
    case intercept(Interception)
    /// Changes something about it; these add up.
    case alter(Alteration)

    /// What the fault is called.
    var kind: FaultRule.Kind {
        switch self {
        case .intercept(let interception):
            switch interception {
            case .answer(let answer): answer.author == .code && !answer.isApplied ? .status : .author
            case .dropBefore: .dropBefore
            case .dropAfterApply: .dropAfterApply
            case .applyLate: .applyLate
            case .stallThen500: .stallThen500
            case .malformed: .malformed
            case .rateLimit: .rateLimit
            case .twice: .twice
            }
        case .alter(let alteration):
            switch alteration {
            case .latency: .latency
            case .sparse: .sparse
            case .reversedOrder: .reversedOrder
            case .upperCaseStatus: .upperCaseStatus
            case .unknownStatus: .unknownStatus
            case .repeatedPageToken: .repeatedPageToken
            case .visibleAfter: .visibleAfter
            case .stale: .stale
            case .shuffled: .shuffled
            case .forget: .forget
            }
        }
    }

    /// Whether the call is of a sort that it can do something to.
    func reaches(_ request: SandboxRequest) -> Bool {
        switch self {
        case .intercept: true
        case .alter(let alteration):
            switch alteration.reach {
            case .all: true
            case .reading: request.method == "GET"
            case .changing: request.method != "GET"
            }
        }
    }
}
