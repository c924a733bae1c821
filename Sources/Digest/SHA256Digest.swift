// SPDX-License-Identifier: Apache-2.0

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
    package var hex: String {
        withUnsafeBytes(of: self.words) { bytes in
            String(unsafeUninitializedCapacity: 64) { digits in
                for (index, byte) in bytes.enumerated() {
                    digits[2 * index] = hexDigit(byte >> 4)
                    digits[2 * index + 1] = hexDigit(byte & 0xF)
                }
                return 64
            }
        }
    }
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

private func hexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
}
