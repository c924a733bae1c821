// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Files
import Settings

/// The configuration file of one invocation: the one that is named, or else one of the usual ones, which need not exist.
///
/// Never one of the working directory: a repository that was cloned could otherwise redirect the API key.
struct ConfigurationFile {
    /// Its name.
    let name: String
    /// What is in it.
    let bytes: [UInt8]

    /// The system's file.
    static let system = "/etc/slipway/slipway.yaml"
    /// What earlier versions took from the working directory.
    static let ignored = "config/slipway.yaml"

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - invocation: May name one, by option or variable.
    ///   - output: Is told of one that was perhaps meant.
    /// - Returns: `nil` where there is none.
    /// - Throws: `SettingsError` for one that can't be read or must not be believed.
    static func read(_ invocation: Invocation, _ output: Output) throws(SettingsError) -> ConfigurationFile? {
        if let path = invocation.text("config") { return try self.read(path, trust: .named) }
        if FileMode(of: self.ignored) != nil {
            output.writeErrorLine(
                "slipway: \(self.ignored) in this directory is not read unless it is named; to use it: --config \(self.ignored)"
            )
        }
        for path in self.usual(invocation.environment) {
            if let file = try self.read(path, trust: .found, mayBeMissing: true) { return file }
        }
        return nil
    }

    /// Where it is looked for, in this order.
    private static func usual(_ environment: [String: String]) -> [String] {
        // The XDG Base Directory Specification: paths that are not absolute are to be ignored.
        let given = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 + "/.config" : nil }
        return [given ?? home].compactMap { $0.map { "\($0)/slipway/slipway.yaml" } } + [self.system]
    }

    private static func read(
        _ path: String,
        trust: FileTrust,
        mayBeMissing: Bool = false
    ) throws(SettingsError) -> ConfigurationFile? {
        do throws(FileError) {
            let bytes = try FileReader.read(path, maximumBytes: YAMLReader.maximumBytes, trust: trust)
            return ConfigurationFile(name: path, bytes: bytes)
        } catch {
            if mayBeMissing, error.isAbsent { return nil }
            throw SettingsError([SettingProblem(place: nil, key: nil, message: error.description)])
        }
    }
}
