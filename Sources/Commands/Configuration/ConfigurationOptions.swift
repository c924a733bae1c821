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
                "The configuration file; by default slipway/slipway.yaml in $XDG_CONFIG_HOME (else ~/.config), or "
                + "/etc/slipway/slipway.yaml, if there is one. Nothing is read from the working directory by itself.",
            environment: "SLIPWAY_CONFIG"
        ),
        Option(
            "set",
            .value("KEY=VALUE"),
            help: "A setting that outranks file and environment, such as log.level=debug.",
            isRepeatable: true
        ),
    ]

    /// Reads the configuration of one invocation.
    ///
    /// - Throws: `SettingsError` with everything that is wrong.
    static func load(_ invocation: Invocation, _ output: Output) throws -> Configuration {
        Configuration(try self.settings(invocation, output))
    }

    /// Reads the settings of one invocation.
    ///
    /// - Parameters:
    ///   - invocation: Options and environment.
    ///   - output: Is told of a file that was perhaps meant.
    /// - Returns: The settings in force.
    /// - Throws: `SettingsError` with everything that is wrong.
    static func settings(_ invocation: Invocation, _ output: Output) throws(SettingsError) -> Settings {
        let file = try ConfigurationFile.read(invocation, output)
        let settings = try SettingsLoader.load(
            file: file.map { ($0.name, $0.bytes) },
            environment: invocation.environment,
            assignments: invocation.texts("set"),
            rules: SettingsLoader.Rules(
                isSecretProperty: { KafkaProperties.Property($0, "").isSecret },
                isForCommandLine: { KafkaProperties.Property($0, "").runsCode },
                complaint: self.complaint
            )
        )
        let problems = WorkbenchAddresses(settings).problems
        guard problems.isEmpty else { throw SettingsError(problems) }
        return settings
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
        case .shellCharacters:
            "is put into a shell's command: only letters, digits and . _ - / @ : % { } are allowed"
        case .invalid(let message): "has a wrong value: \(message)"
        }
    }
}

extension SettingsError: ExitStatusError {
    package var exitStatus: ExitStatus { .configuration }
}
