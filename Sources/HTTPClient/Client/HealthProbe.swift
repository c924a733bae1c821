// SPDX-License-Identifier: Apache-2.0

package import HTTPValues

/// One question to a server on this machine, as a container's health check asks it.
package enum HealthProbe {
    /// No health page is longer.
    private static let maximumBytes = 1 << 20

    /// Asks once, past any proxy.
    ///
    /// - Parameters:
    ///   - url: What is asked.
    ///   - timeout: Time for all of it.
    /// - Returns: The answer of any status, or why there is none.
    package static func ask(_ url: String, timeout: Duration) async -> Result<HTTPResponse, HTTPFailure> {
        var settings = HTTPClientSettings()
        settings.maximumConnections = 1
        settings.maximumConnectionsPerHost = 1
        settings.proxy = .direct
        let client = HTTPClient(settings: settings)
        let request = HTTPRequest(method: "GET", url: url, timeout: timeout, maximumResponseBytes: self.maximumBytes)
        let result: Result<HTTPResponse, HTTPFailure>
        do throws(HTTPFailure) {
            result = .success(try await client.send(request))
        } catch {
            result = .failure(error)
        }
        await client.close()
        return result
    }
}
