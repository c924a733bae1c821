// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Commands

// For tests: `slipway` with the means to freeze or end itself at a step boundary, and to lack a guarantee.
let desk = UnfencedDesk()
try await withThrowingDiscardingTaskGroup { group in
    group.addTask { try await desk.run() }
    await Program.table(adjusting: { try DrillHooks.read().apply(to: &$0, desk) }).runProcess()
}
