// SPDX-License-Identifier: Apache-2.0

import Bench
import CommandTable

await BenchProgram.table.runProcess()
