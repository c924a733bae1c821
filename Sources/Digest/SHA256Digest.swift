// SPDX-License-Identifier: Apache-2.0

import Values

/// The 32 bytes of a SHA-256 digest.
package struct SHA256Digest: Sendable {
    /// The bytes as libcrypto wrote them, in memory order.
    var words: (UInt64, UInt64, UInt64, UInt64)

    /// Hashes one input.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// Hashes one input.
    package static func hash(_ bytes: some Sequence<UInt8>) -> SHA256Digest {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// The 32 bytes.
    package var bytes: [UInt8] { withUnsafeBytes(of: self.words) { Array($0) } }

    /// The first 128 bits as two integers, most significant byte first.
    package var prefix128: (UInt64, UInt64) {
        (UInt64(bigEndian: self.words.0), UInt64(bigEndian: self.words.1))
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { withUnsafeBytes(of: self.words) { Hex.text($0) } }
}

extension SHA256Digest: Hashable {
    package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        // One word of a cryptographic hash is uniform enough for a hash table.
        hasher.combine(self.words.0)
    }
}

extension SHA256Digest: CustomStringConvertible {
    package var description: String { self.hex }
}
