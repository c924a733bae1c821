// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Drill
import SandboxPrograms
import SimulationProgram

await SandboxProgram.table(adding: [DrillCommand.command, SimulateCommand.command]).runProcess()
