// SPDX-License-Identifier: Apache-2.0

import Glibc
import WorkbenchSandbox

let arguments = CommandLine.arguments.dropFirst()
guard arguments.first == "serve", !arguments.contains("--help") else {
    print(ServeCommand.help, terminator: "")
    exit(arguments.contains("--help") ? 0 : 64)
}
do {
    try await ServeCommand(Array(arguments.dropFirst())).run()
} catch {
    let line = Array("slipway-sandbox: \(error)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(error is ServeCommand.UsageError ? 64 : 1)
}
