// SPDX-License-Identifier: Apache-2.0

/// How a client connects.
package struct HTTPClientSettings: Sendable {
    /// Which proxy requests go through.
    package enum Proxy: Sendable, Equatable {
        /// The one that `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` name, if any.
        case environment
        /// None.
        case direct
        /// This one, such as `http://proxy:3128`; may hold a user and a password, which are never shown.
        case url(String)
    }

    /// A certificate that the client shows to servers which ask for one.
    package struct ClientCertificate: Sendable, Equatable {
        /// PEM file of the certificate.
        package var certificatePath: String
        /// PEM file of the private key.
        package var keyPath: String

        /// Creates one from two files.
        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    /// Most connections at once; further requests wait for one, and their deadline runs meanwhile.
    package var maximumConnections = 64
    /// Most connections at once to one host; at most `maximumConnections`.
    package var maximumConnectionsPerHost = 64
    /// Longest time for resolving, connecting and the TLS handshake together.
    package var connectTimeout = Duration.seconds(10)
    /// PEM file of the trusted certificate authorities; `nil` for those of the system.
    package var caBundlePath: String?
    /// Whether certificates and host names are checked; `false` is for experiments only.
    package var verifyTLS = true
    /// Shown to servers that ask for a certificate.
    package var clientCertificate: ClientCertificate?
    /// The proxy.
    package var proxy = Proxy.environment
    /// Value of the `User-Agent` header field.
    package var userAgent = "slipway"
    /// A connection unused for that long is not used again.
    ///
    /// Shorter than what servers and load balancers allow (often 60 s), so that they seldom close it under a request.
    package var maximumIdleAge = Duration.seconds(30)

    /// Creates settings with the defaults: 64 connections, 10 s to connect, the system's authorities, proxy from the
    /// environment.
    package init() {}
}
