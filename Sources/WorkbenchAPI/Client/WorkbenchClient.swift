// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// Performs exchanges with the workbench, one request after another: for the command line, tools and tests.
///
/// One attempt a request: it never retries, waits or sleeps. Every failure is an `APIError`. An exchange of a cancelled
/// task ends with kind `cancelled`.
package struct WorkbenchClient: Sendable {
    /// How the workbench is spoken to.
    package let dialect: Dialect

    let transport: any HTTPTransport
    let credentials: any CredentialSource
    let observer: CallObserver
    let now: @Sendable () -> Timestamp

    /// Creates a client; nothing is sent.
    ///
    /// - Parameters:
    ///   - transport: Makes the attempts; may be shared.
    ///   - dialect: How the workbench is spoken to.
    ///   - credentials: Asked for the key before each request.
    ///   - observer: Told of every request as it ends; default: nobody.
    ///   - now: The time, for a `Retry-After` that is a date; default: the system's.
    package init(
        transport: any HTTPTransport,
        dialect: Dialect,
        credentials: any CredentialSource,
        observer: @escaping CallObserver = { _ in },
        now: @escaping @Sendable () -> Timestamp = { .now() }
    ) {
        self.transport = transport
        self.dialect = dialect
        self.credentials = credentials
        self.observer = observer
        self.now = now
    }
}
