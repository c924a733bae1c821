// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Files
import Rollouts
import Settings

/// Everything that is wrong with the configuration of a worker, found without connecting to anything.
struct ConfigurationCheck {
    /// What is wrong.
    private(set) var problems: [SettingProblem] = []
    /// What works and is weak.
    private(set) var warnings: [SettingProblem] = []
    /// The settings, where they can be used.
    private(set) var settings: Settings?
    /// The routes, where they can be used.
    private(set) var routes: Routes?
    /// The configuration file that was read.
    private(set) var file: String?
    /// The routes file; empty for the built-in route.
    private(set) var routesPath = ""

    /// Reads what an invocation of `slipway run` would read.
    init(_ invocation: Invocation, _ output: Output) {
        let settings: Settings
        do throws(SettingsError) {
            settings = try ConfigurationOptions.settings(invocation, output)
        } catch {
            self.problems = error.problems
            return
        }
        self.settings = settings
        self.file = settings.file
        self.routesPath = settings.path(.routes) ?? ""
        self.requireConnections(settings)
        self.requireFile(.workbenchAPIKeyFile, settings)
        self.requireFile(.workbenchCABundle, settings)
        self.checkRoutes(settings)
        self.warnings = WorkbenchAddresses(settings).warnings
    }

    private mutating func requireConnections(_ settings: Settings) {
        func missing(_ key: String, _ message: String) -> SettingProblem {
            SettingProblem(place: nil, key: key, message: message)
        }
        if !settings.properties.contains(where: { $0.name == "bootstrap.servers" }) {
            self.problems.append(missing("kafka.bootstrap.servers", "is not set (SLIPWAY_KAFKA_BOOTSTRAP_SERVERS)"))
        }
        if settings[.workbenchURL] == nil {
            let message = "is not set (SLIPWAY_WORKBENCH_URL, or CDSW_DOMAIN in a session)"
            self.problems.append(missing("workbench.url", message))
        }
        if settings.keySource == nil {
            let message = "is not set, nor is SLIPWAY_WORKBENCH_API_KEY (or CDSW_APIV2_KEY in a session)"
            self.problems.append(missing("workbench.apiKeyFile", message))
        }
    }

    private mutating func requireFile(_ key: SettingKey, _ settings: Settings) {
        guard let path = settings.path(key) else { return }
        do throws(FileError) {
            _ = try FileReader.read(path, maximumBytes: 4 << 20, trust: .named)
        } catch {
            self.report(key, settings, error.description)
        }
    }

    private mutating func checkRoutes(_ settings: Settings) {
        do {
            self.routes = try RoutesSource(path: self.routesPath).load()
        } catch let error as SettingsError {
            self.problems += error.problems
        } catch {
            self.report(.routes, settings, "\(error)")
        }
    }

    private mutating func report(_ key: SettingKey, _ settings: Settings, _ message: String) {
        self.problems.append(
            SettingProblem(place: settings[key]?.source.description, key: key.path, message: message)
        )
    }
}
