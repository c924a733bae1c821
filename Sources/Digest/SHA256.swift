// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// Hashes several inputs into one SHA-256 digest, over libcrypto.
///
/// Creating one allocates a context; a caller that hashes in a loop reuses it, since `finish()` starts it afresh.
package struct SHA256: ~Copyable {
    /// Owned by this value alone and freed once, in `deinit`.
    private let context: OpaquePointer

    /// The algorithm, fetched once: an explicit fetch per digest is what makes OpenSSL 3 slow on short inputs.
    ///
    /// Safe to share: an `EVP_MD` is immutable and reference-counted. Never freed, it lives as long as the process.
    private nonisolated(unsafe) static let algorithm: OpaquePointer = {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("libcrypto has no SHA-256: its installation is broken")
        }
        return algorithm
    }()

    /// Creates an empty hasher.
    package init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory in EVP_MD_CTX_new") }
        self.context = context
        self.start()
    }

    deinit { EVP_MD_CTX_free(self.context) }

    private func start() {
        let result = EVP_DigestInit_ex2(self.context, SHA256.algorithm, nil)
        precondition(result == 1, "EVP_DigestInit_ex2 failed")
    }

    /// Adds raw bytes, with no boundary after them.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let result = EVP_DigestUpdate(self.context, bytes.baseAddress, bytes.count)
        precondition(result == 1, "EVP_DigestUpdate failed")
    }

    /// Adds raw bytes, with no boundary after them.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        let isContiguous: Void? = bytes.withContiguousStorageIfAvailable { self.update(UnsafeRawBufferPointer($0)) }
        if isContiguous == nil { Array(bytes).withUnsafeBytes { self.update($0) } }
    }

    /// Adds one field: its length as eight bytes, most significant first, then its bytes.
    ///
    /// The length in front keeps ("ab", "c") and ("a", "bc") apart.
    package mutating func updateField(_ bytes: some Collection<UInt8>) {
        self.updateInteger(UInt64(bytes.count))
        self.update(bytes)
    }

    /// Adds one text field: the length of its UTF-8 as eight bytes, most significant first, then its UTF-8.
    package mutating func updateField(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            self.updateInteger(UInt64(bytes.count))
            self.update(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Adds one text field that may be absent; an absent one differs from every present one, the empty one included.
    package mutating func updateField(_ text: String?) {
        guard let text else { return self.updateInteger(UInt64.max) }
        self.updateField(text)
    }

    /// Adds a fixed-width integer, most significant byte first.
    package mutating func updateInteger(_ integer: some FixedWidthInteger) {
        withUnsafeBytes(of: integer.bigEndian) { self.update($0) }
    }

    /// Returns the digest of everything added, and starts afresh.
    package mutating func finish() -> SHA256Digest {
        var digest = SHA256Digest(words: (0, 0, 0, 0))
        let result = withUnsafeMutableBytes(of: &digest.words) { words in
            EVP_DigestFinal_ex(self.context, words.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
        precondition(result == 1, "EVP_DigestFinal_ex failed")
        self.start()
        return digest
    }
}
