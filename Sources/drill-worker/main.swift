// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Commands

// For tests: `slipway` with the means to freeze or end itself at a step boundary, and to lack a guarantee.
await Program.table(adjusting: { try DrillHooks.read().apply(to: &$0) }).runProcess()
