// SPDX-License-Identifier: Apache-2.0

/// The folder of the recorded runs and events that ship with the project.
let recordedFolder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Examples/recorded"
