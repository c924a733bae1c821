// SPDX-License-Identifier: Apache-2.0

import Rollouts

/// Where the routes come from.
struct RoutesSource {
    /// The routes file; empty for the route that the shipped file ends with.
    let path: String

    private static let standard = """
        routes:
          - name: default
            model:
              name: "{experimentName,experimentId|slug}"
        """

    /// Reads the routes.
    ///
    /// - Throws: `FileError` when the file can't be read, `SettingsError` when it can't be used.
    func load() throws -> Routes {
        guard self.path.isEmpty else { return try RoutesFile.load(self.path) }
        return try RoutesFile.read(Array(Self.standard.utf8), file: "(built in)")
    }
}
