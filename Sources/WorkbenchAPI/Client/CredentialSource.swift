// SPDX-License-Identifier: Apache-2.0

package import Values

/// Gives the API key for each call.
package protocol CredentialSource: Sendable {
    /// Returns the key to send with the next call.
    ///
    /// Called once a call, from any task; it must be quick.
    ///
    /// - Throws: `CredentialFailure` when there is no usable key; the call is then not sent.
    func bearerToken() throws(CredentialFailure) -> Secret

    /// Forgets what is cached, so that the next `bearerToken()` sees a rotated key.
    ///
    /// The client never calls it: when to read again (after a 401, at each probe) is its caller's decision.
    func reload()

    /// Returns the keys that requests under way may carry: the newest, and the one before it.
    ///
    /// Whoever sends requests takes these out of all that comes back.
    func givenOut() -> [Secret]
}

/// Why there is no usable key.
package struct CredentialFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong; names the place of the key, never its text.
    package var description: String

    /// Creates a failure.
    package init(_ description: String) {
        self.description = description
    }
}

/// A key that never changes.
package struct FixedCredential: CredentialSource {
    private let key: Secret

    /// Creates a source of one key.
    package init(_ key: Secret) {
        self.key = key
    }

    package func bearerToken() throws(CredentialFailure) -> Secret {
        try self.key.usableAsHeader(from: "the API key")
    }

    package func reload() {}

    package func givenOut() -> [Secret] { [self.key] }
}

extension Secret {
    /// Returns itself if it can travel in a header field.
    ///
    /// A line break inside would let a key file add header fields of its own.
    func usableAsHeader(from place: String) throws(CredentialFailure) -> Secret {
        guard !self.isEmpty else { throw CredentialFailure("\(place) is empty") }
        guard self.reveal().utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CredentialFailure("\(place) has a character that can't be part of a key")
        }
        return self
    }
}
