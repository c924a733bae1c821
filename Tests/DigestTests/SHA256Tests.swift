// SPDX-License-Identifier: Apache-2.0

import Digest
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    /// From NIST's "Examples with Intermediate Values" for SHA-256 and its long-message examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func matchesPublishedVectors(message: String, expected: String) {
        #expect(SHA256Digest.hash(message.utf8).hex == expected)
        #expect(SHA256Digest.hash(Array(message.utf8)).description == expected)
    }

    @Test func piecesHashLikeTheWhole() {
        var hasher = SHA256()
        hasher.update("ab".utf8)
        hasher.update([])
        hasher.update(Array("c".utf8).lazy.map { $0 })
        #expect(hasher.finish() == SHA256Digest.hash("abc".utf8))
        hasher.update("abc".utf8)
        #expect(hasher.finish() == SHA256Digest.hash("abc".utf8), "finish() starts afresh")
    }

    @Test func prefixIsTheFirstHalfOfTheHexadecimalDigits() {
        let digest = SHA256Digest.hash("abc".utf8)
        #expect(digest.prefix128.0 == 0xba78_16bf_8f01_cfea)
        #expect(digest.prefix128.1 == 0x4141_40de_5dae_2223)
        #expect(digest.bytes.count == 32)
        #expect(digest.bytes.prefix(2) == [0xba, 0x78])
    }

    private func digest(ofFields fields: String?...) -> SHA256Digest {
        var hasher = SHA256()
        for field in fields { hasher.updateField(field) }
        return hasher.finish()
    }

    @Test func fieldBoundariesAreKept() {
        #expect(self.digest(ofFields: "ab", "c") != self.digest(ofFields: "a", "bc"))
        #expect(self.digest(ofFields: "abc") != self.digest(ofFields: "abc", ""))
        #expect(self.digest(ofFields: nil, "a") != self.digest(ofFields: "", "a"))
        #expect(self.digest(ofFields: "a", "b") == self.digest(ofFields: "a", "b"))
    }

    @Test func aFieldIsItsLengthAndItsBytes() {
        var fields = SHA256()
        fields.updateField("é")
        fields.updateField([1, 2, 3])
        let expected: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]
        #expect(fields.finish() == SHA256Digest.hash(expected))
    }

    @Test func integersAreBigEndian() {
        var hasher = SHA256()
        hasher.updateInteger(UInt32(0x0102_0304))
        hasher.updateInteger(Int64(-1))
        #expect(hasher.finish() == SHA256Digest.hash([1, 2, 3, 4] + [UInt8](repeating: 0xff, count: 8)))
    }
}
