// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts

/// A journal that has forgotten every rollout and lane, though not whose it is: else the worker would refuse it.
struct Amnesia: PortWrapper {
    func heard(_ inputs: [Input]) -> [Input] {
        inputs.map { input in
            guard case .journal(.restored(let lease, .success(var facts))) = input else { return input }
            facts.restored = Coordinator.Restored()
            return .journal(.restored(lease, .success(facts)))
        }
    }
}
