// SPDX-License-Identifier: Apache-2.0

import CommandTable
import HTTPClient
import Rollouts
import Telemetry
import Values
import WorkbenchAPI

/// A client of the configured workbench, with what belongs to it.
struct Workbench: Sendable {
    let transport: HTTPClient
    let dialect: Dialect
    let credentials: any CredentialSource
    let url: ServiceURL
    /// Where models are served.
    let modelServiceURL: ServiceURL

    /// Connects nothing yet.
    ///
    /// - Parameter configuration: Address, key, TLS and limits.
    /// - Throws: `ConfigurationProblem` for an address or key that is missing or can't be used.
    init(_ configuration: Configuration) throws(ConfigurationProblem) {
        let access = configuration.workbench
        guard !access.url.isEmpty else {
            throw ConfigurationProblem("workbench.url is not set (SLIPWAY_WORKBENCH_URL, or CDSW_DOMAIN in a session)")
        }
        self.url = try Self.address(access.url, key: "workbench.url")
        if let modelServiceURL = access.modelServiceURL {
            self.modelServiceURL = try Self.address(modelServiceURL, key: "workbench.modelServiceURL")
        } else {
            self.modelServiceURL = self.url.modelService
        }
        self.credentials = try Self.credentials(access)
        var settings = HTTPClientSettings()
        settings.maximumConnections = configuration.policy.maximumConcurrentCalls + 2
        settings.maximumConnectionsPerHost = settings.maximumConnections
        settings.caBundlePath = access.caBundle
        settings.verifyTLS = access.verifyTLS
        settings.userAgent = "slipway/\(Version.current)"
        self.transport = HTTPClient(settings: settings)
        self.dialect = Dialect(
            baseURL: self.url,
            modelServiceURL: self.modelServiceURL,
            userAgent: settings.userAgent,
            requestTimeout: configuration.policy.requestTimeout.duration
        )
    }

    /// Calls it, a task for each call; for commands.
    var client: WorkbenchClient {
        WorkbenchClient(transport: self.transport, dialect: self.dialect, credentials: self.credentials)
    }

    private static func address(_ text: String, key: String) throws(ConfigurationProblem) -> ServiceURL {
        do throws(ServiceURL.Invalid) {
            return try ServiceURL(text)
        } catch {
            throw ConfigurationProblem("\(key): \(error)")
        }
    }

    private static func credentials(_ access: WorkbenchSettings) throws(ConfigurationProblem) -> any CredentialSource {
        if let path = access.apiKeyFile { return FileCredential(path: path) }
        guard let key = access.apiKey, !key.isEmpty else {
            throw ConfigurationProblem(
                "there is no API key: set SLIPWAY_WORKBENCH_API_KEY, or workbench.apiKeyFile to a file that holds it"
            )
        }
        return FixedCredential(key)
    }
}

/// Something in the configuration that makes a command impossible.
struct ConfigurationProblem: ExitStatusError, Sendable, Equatable {
    var description: String
    var exitStatus: ExitStatus { .configuration }

    init(_ description: String) { self.description = description }
}

/// This program's version.
enum Version {
    /// Semantic version.
    static let current = "0.1.0"
}
