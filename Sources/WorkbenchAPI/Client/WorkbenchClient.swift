// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// A typed client of Cloudera AI's API v2.
///
/// One attempt a call: it never retries, waits or sleeps. Every failure is an `APIError`. A call of a cancelled task ends
/// with kind `cancelled`.
package struct WorkbenchClient: Sendable {
    /// Settings that have a usual value.
    package struct Options: Sendable {
        /// Sent as `User-Agent`.
        package var userAgent: String
        /// Time for one call, from sending to the last byte; default 30 s.
        package var requestTimeout: Duration
        /// A longer response ends the call with kind `protocol`; default 16 MiB.
        package var maximumResponseBytes: Int
        /// Items asked for per page of a listing; default 100 (the server's own is 10).
        package var pageSize: Int
        /// A listing of more pages ends with kind `protocol`; default 1,000.
        package var maximumPages: Int
        /// Told of every call as it ends; default: nobody.
        package var observer: CallObserver
        /// The time, for a `Retry-After` that is a date; default: the system's.
        package var now: @Sendable () -> Timestamp

        /// Creates options.
        package init(
            userAgent: String = "slipway",
            requestTimeout: Duration = .seconds(30),
            maximumResponseBytes: Int = 16 << 20,
            pageSize: Int = 100,
            maximumPages: Int = 1000,
            observer: @escaping CallObserver = { _ in },
            now: @escaping @Sendable () -> Timestamp = { .now() }
        ) {
            self.userAgent = userAgent
            self.requestTimeout = requestTimeout
            self.maximumResponseBytes = maximumResponseBytes
            self.pageSize = pageSize
            self.maximumPages = maximumPages
            self.observer = observer
            self.now = now
        }
    }

    let options: Options
    let transport: any HTTPTransport
    let apiRoot: String
    let modelServiceRoot: String
    let credentials: any CredentialSource

    /// Creates a client; nothing is sent.
    ///
    /// - Parameters:
    ///   - transport: Makes the attempts; may be shared.
    ///   - baseURL: Address of the workbench; `/api/v2` is added.
    ///   - modelServiceURL: Address that serves models, without `/model`; default: `modelservice.` and the workbench's host.
    ///   - credentials: Asked for the key before each call.
    ///   - options: The rest.
    package init(
        transport: any HTTPTransport,
        baseURL: ServiceURL,
        modelServiceURL: ServiceURL? = nil,
        credentials: any CredentialSource,
        options: Options = Options()
    ) {
        self.transport = transport
        self.apiRoot = baseURL.apiRoot
        self.modelServiceRoot = (modelServiceURL ?? baseURL.modelService).description
        self.credentials = credentials
        self.options = options
    }
}
