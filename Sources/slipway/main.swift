// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Commands

await Program.table().runProcess()
