// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Commands

// For a figure: `slipway` that can do without some of what its guarantees cost.
let desk = PlainDesk()
try await withThrowingDiscardingTaskGroup { group in
    group.addTask { try await desk.run() }
    await Program.table(adjusting: { try Omissions.read().apply(to: &$0, desk) }).runProcess()
}
