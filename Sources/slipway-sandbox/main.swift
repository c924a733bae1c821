// SPDX-License-Identifier: Apache-2.0

import CommandTable
import WorkbenchSandbox

await SandboxProgram.table.runProcess()
