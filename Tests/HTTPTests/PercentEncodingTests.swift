// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Testing

@Suite("Percent-encoding")
struct PercentEncodingTests {
    private func encoded(_ text: String) -> String {
        var url = ""
        PercentEncoding.append(text, to: &url)
        return url
    }

    @Test(arguments: ["", "plain-text_1.~", "a b/c+d:e&f?g#h%i", "é🚀", "\0\u{7f}"])
    func readsWhatItWrites(text: String) {
        #expect(PercentEncoding.decode(self.encoded(text).utf8, plusIsSpace: true) == text)
        #expect(PercentEncoding.decodeStrictly(self.encoded(text).utf8, plusIsSpace: true) == text)
    }

    @Test func keepsWhatAWriterEncoded() {
        var url = ""
        PercentEncoding.appendPath("/a%20b/c d:e", to: &url)
        PercentEncoding.appendQuery("?x=ä", to: &url)
        #expect(url == "/a%20b/c%20d:e?x=%C3%A4")
    }

    @Test(arguments: [
        ("a%41b", "aAb", "aAb"), ("%e2%82%AC", "€", "€"), ("a+b", "a+b", "a+b"), ("100%", "100%", nil),
        ("%", "%", nil), ("%4", "%4", nil), ("%4g", "%4g", nil), ("%zz%41", "%zzA", nil), ("%ff", "\u{FFFD}", nil),
    ])
    func decodes(text: String, leniently: String, strictly: String?) {
        #expect(PercentEncoding.decode(text.utf8) == leniently)
        #expect(PercentEncoding.decodedBytes(text.utf8).count <= text.utf8.count)
        #expect(PercentEncoding.decodeStrictly(text.utf8) == strictly)
    }

    @Test func aPlusIsASpaceInQueriesOnly() {
        #expect(PercentEncoding.decode("a+b%2B".utf8, plusIsSpace: true) == "a b+")
        #expect(PercentEncoding.decodeStrictly("a+b%2B".utf8) == "a+b+")
    }
}
