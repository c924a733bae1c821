// SPDX-License-Identifier: Apache-2.0

package import CommandTable
import Files
import Kafka
package import Settings
import WorkbenchAPI

/// The options by which every command finds its configuration.
enum ConfigurationOptions {
    /// The options.
    static let all: [Option] = [
        Option(
            "config",
            .value("FILE", .file),
            help:
                "The configuration file; by default config/slipway.yaml or /etc/slipway/slipway.yaml, if there is one.",
            environment: "SLIPWAY_CONFIG"
        ),
        Option(
            "set",
            .value("KEY=VALUE"),
            help: "A setting that outranks file and environment, such as log.level=debug.",
            isRepeatable: true
        ),
    ]

    /// Where the configuration file is looked for, in this order, when none is named.
    static let defaultFiles = ["config/slipway.yaml", "/etc/slipway/slipway.yaml"]

    /// Reads the configuration of one invocation.
    ///
    /// - Throws: `SettingsError` with everything that is wrong.
    static func load(_ invocation: Invocation) throws -> Configuration {
        Configuration(try self.settings(invocation))
    }

    /// Reads the settings of one invocation.
    ///
    /// - Throws: `SettingsError` with everything that is wrong.
    static func settings(_ invocation: Invocation) throws(SettingsError) -> Settings {
        try SettingsLoader.load(
            file: try self.file(invocation),
            environment: invocation.environment,
            assignments: invocation.texts("set"),
            rules: SettingsLoader.Rules(
                isSecretProperty: { KafkaProperties.Property($0, "").isSecret },
                complaint: self.complaint
            )
        )
    }

    /// Reads the configuration file that is named, or else one of the usual ones, which need not exist.
    private static func file(_ invocation: Invocation) throws(SettingsError) -> (name: String, bytes: [UInt8])? {
        let named = invocation.text("config")
        for path in named.map({ [$0] }) ?? self.defaultFiles {
            do throws(FileError) {
                return (path, try FileReader.read(path, maximumBytes: YAMLReader.maximumBytes))
            } catch {
                guard named == nil, error.isMissing else {
                    throw SettingsError([SettingProblem(place: nil, key: nil, message: error.description)])
                }
            }
        }
        return nil
    }

    /// What librdkafka and the workbench's client refuse.
    private static func complaint(path: String, text: String) -> String? {
        switch path {
        case SettingKey.workbenchURL.path, SettingKey.workbenchModelServiceURL.path:
            do throws(ServiceURL.Invalid) {
                _ = try ServiceURL(text)
                return nil
            } catch {
                return error.description
            }
        case _ where SettingKey.all.contains { $0.path == path } || !path.hasPrefix("kafka."):
            return nil
        default:
            do throws(KafkaPropertyError) {
                _ = try KafkaProperties([KafkaProperties.Property(String(path.dropFirst("kafka.".count)), text)])
                return nil
            } catch {
                return Self.words(error)
            }
        }
    }

    /// What is wrong with a property, without its name.
    private static func words(_ error: KafkaPropertyError) -> String {
        switch error.problem {
        case .reserved: "is reserved: Slipway's guarantees rest on its own setting"
        case .unknown: "is unknown to librdkafka \(KafkaProperties.librdkafkaVersion)"
        case .invalid(let message): "has a wrong value: \(message)"
        }
    }
}

extension SettingsError: ExitStatusError {
    package var exitStatus: ExitStatus { .configuration }
}
