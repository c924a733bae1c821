// SPDX-License-Identifier: Apache-2.0

/// How one workbench is spoken to: its addresses, and what is asked of it at a time.
package struct Dialect: Sendable, Equatable {
    /// Root of API v2, without a slash at the end.
    package let apiRoot: String
    /// Root of the service that calls models, without `/model`.
    package let modelServiceRoot: String
    /// Whether the API key may go to the service that calls models: never over a weaker scheme than to the API.
    package let sendsKeyToModelService: Bool
    /// Sent as `User-Agent`.
    package let userAgent: String
    /// Time for one request, from sending to the last byte.
    package let requestTimeout: Duration
    /// A longer response ends its call with kind `protocol`.
    package let maximumResponseBytes: Int
    /// Items asked for per page of a listing.
    package let pageSize: Int
    /// A listing of more pages ends with kind `protocol`.
    package let maximumPages: Int
    /// A listing whose pages together are longer ends with kind `protocol`.
    package let maximumListingBytes: Int
    /// A listing that takes longer from its first page on ends with kind `timeout`: however slowly pages come, a caller gets on.
    package var maximumListingTime: Duration { self.requestTimeout * 2 }

    /// Creates a dialect.
    ///
    /// - Parameters:
    ///   - baseURL: Address of the workbench; `/api/v2` is added.
    ///   - modelServiceURL: Address that serves models, without `/model`; default: `modelservice.` and the workbench's host.
    ///   - userAgent: Default `slipway`.
    ///   - requestTimeout: Default 30 s, which is also the gateway's own.
    ///   - maximumResponseBytes: Default 16 MiB.
    ///   - pageSize: Default 100 (the server's own is 10).
    ///   - maximumPages: Default 1,000.
    ///   - maximumListingBytes: Default 64 MiB.
    package init(
        baseURL: ServiceURL,
        modelServiceURL: ServiceURL? = nil,
        userAgent: String = "slipway",
        requestTimeout: Duration = .seconds(30),
        maximumResponseBytes: Int = 16 << 20,
        pageSize: Int = 100,
        maximumPages: Int = 1000,
        maximumListingBytes: Int = 64 << 20
    ) {
        self.apiRoot = baseURL.apiRoot
        let modelService = modelServiceURL ?? baseURL.modelService
        self.modelServiceRoot = modelService.description
        self.sendsKeyToModelService = modelService.isEncrypted || !baseURL.isEncrypted
        self.userAgent = userAgent
        self.requestTimeout = requestTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.pageSize = pageSize
        self.maximumPages = maximumPages
        self.maximumListingBytes = maximumListingBytes
    }
}
