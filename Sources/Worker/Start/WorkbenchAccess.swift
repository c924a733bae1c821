// SPDX-License-Identifier: Apache-2.0

package import HTTPClient
package import WorkbenchAPI

/// How a worker reaches its workbench.
package struct WorkbenchAccess: Sendable {
    /// Sends its requests; closed by its owner.
    package var client: HTTPClient
    /// Gives the API key.
    package var credentials: any CredentialSource
    /// Addresses and limits of the API.
    package var dialect: Dialect

    /// Creates access.
    package init(client: HTTPClient, credentials: any CredentialSource, dialect: Dialect) {
        self.client = client
        self.credentials = credentials
        self.dialect = dialect
    }
}
