// SPDX-License-Identifier: Apache-2.0

import Rollouts

/// Guarantees to be taken away, so that a test can show that their absence is noticed.
///
/// Set by tests and by `drill-worker`, which is in no product; no option, variable or key of `slipway` leads here.
package struct Ablation: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Whoever takes a partition over restores nothing of its journal.
    package static let journal = Ablation(rawValue: 1)
    /// A creating step finds nothing that an earlier attempt made, and every failed call counts as not applied.
    ///
    /// The model is excepted: the workbench itself refuses a second one of a name, and later runs need the first.
    package static let adoption = Ablation(rawValue: 2)
    /// Transactions carry the offsets of new events only, so that no broker checks those that hold steps alone.
    package static let fence = Ablation(rawValue: 4)
}

extension Ablation {
    /// Makes a call, without its part of adopting where that is taken away.
    func result(of call: APICall, by runner: CallRunner) async -> Result<CallResult, CallFailure> {
        guard self.contains(.adoption) else { return await runner.perform(call) }
        switch call {
        case .findVersion: return .success(.version(nil))
        case .findBuild: return .success(.build(nil))
        case .findDeployment: return .success(.deployment(nil))
        default:
            return await runner.perform(call).mapError { failure in
                var failure = failure
                failure.isOutcomeUnknown = false
                return failure
            }
        }
    }
}
