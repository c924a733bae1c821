// SPDX-License-Identifier: Apache-2.0

import Files
import Synchronization
package import Values

/// A key kept in a file, read at first use and again after `reload()`.
package final class FileCredential: CredentialSource {
    /// No key is that long; it keeps a wrong path from filling memory.
    private static let maximumBytes = 64 << 10

    private struct State: Sendable {
        var cached: Secret?
        /// The newest key, and the one before it.
        var given: [Secret] = []
    }

    private let path: String
    private let state = Mutex(State())

    /// Creates a source that reads `path`; white space around the key is dropped.
    package init(path: String) {
        self.path = path
    }

    package func bearerToken() throws(CredentialFailure) -> Secret {
        if let key = self.state.withLock({ $0.cached }) { return key }
        let key = try self.read()
        self.state.withLock { state in
            state.cached = key
            guard state.given.last?.reveal() != key.reveal() else { return }
            state.given = state.given.suffix(1) + [key]
        }
        return key
    }

    package func reload() {
        self.state.withLock { $0.cached = nil }
    }

    package func givenOut() -> [Secret] { self.state.withLock { $0.given } }

    private func read() throws(CredentialFailure) -> Secret {
        let bytes: [UInt8]
        do {
            bytes = try FileReader.read(self.path, maximumBytes: Self.maximumBytes, trust: .named)
        } catch {
            throw CredentialFailure("the key file \(self.path) can't be read: \(Self.reason(of: error))")
        }
        let text = String(decoding: ByteOrderMark.dropped(from: bytes), as: UTF8.self)
        let key = Secret(String(text.trimming(while: \.isWhitespace)))
        return try key.usableAsHeader(from: "the key file \(self.path)")
    }

    private static func reason(of error: FileError) -> String {
        error.isMissing ? "no such file" : error.why
    }
}

extension StringProtocol {
    /// Returns the text without the characters at both ends that satisfy `isDropped`.
    func trimming(while isDropped: (Character) -> Bool) -> SubSequence {
        guard let first = self.firstIndex(where: { !isDropped($0) }),
            let last = self.lastIndex(where: { !isDropped($0) })
        else { return self[self.startIndex..<self.startIndex] }
        return self[first...last]
    }
}
