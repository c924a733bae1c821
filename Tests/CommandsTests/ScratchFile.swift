// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

/// Runs `body` with the path of a file that holds `text` and is removed afterwards.
func withScratchFile(_ text: String, _ body: (String) async throws -> Void) async throws {
    let path = "\(FileManager.default.temporaryDirectory.path)/\(KafkaFixture.uniqueName("scratch"))"
    try Data(text.utf8).write(to: URL(filePath: path))
    defer {
        do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record(error) }
    }
    try await body(path)
}
