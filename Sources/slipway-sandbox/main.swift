// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Drill
import SandboxPrograms

await SandboxProgram.table(adding: [DrillCommand.command]).runProcess()
