// SPDX-License-Identifier: Apache-2.0

import Files
package import Rollouts
package import Settings

/// The routes file.
///
/// `config/routes.yaml` is its reference: it shows every key with its meaning and default.
package enum RoutesFile {
    /// Reads a routes file.
    ///
    /// - Parameter path: The file.
    /// - Returns: The routes; at least one.
    /// - Throws: `FileError` when it can't be read, `SettingsError` with every mistake when it can't be used.
    package static func load(_ path: String) throws -> Routes {
        try self.read(FileReader.read(path, maximumBytes: YAMLReader.maximumBytes, trust: .named), file: path)
    }

    /// Reads the bytes of a routes file.
    ///
    /// - Parameters:
    ///   - bytes: What is in the file.
    ///   - file: The file's name, for messages.
    /// - Returns: The routes; at least one.
    /// - Throws: `SettingsError` with every mistake when it can't be used.
    package static func read(_ bytes: [UInt8], file: String) throws(SettingsError) -> Routes {
        let document: YAMLNode
        do throws(YAMLError) {
            document = try YAMLReader.read(bytes, file: file)
        } catch {
            throw SettingsError([SettingProblem(error)])
        }
        var reader = RoutesReader()
        let routes = reader.routes(document)
        guard reader.problems.isEmpty else { throw SettingsError(reader.problems) }
        return routes
    }
}
