// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WorkbenchAPI

@Suite("Addresses")
struct ServiceURLTests {
    @Test(arguments: [
        ("https://ml.example.com", "https://ml.example.com/api/v2", "https://modelservice.ml.example.com"),
        (" HTTPS://ml.example.com/ ", "https://ml.example.com/api/v2", "https://modelservice.ml.example.com"),
        ("http://h:8080/api/v1", "http://h:8080/api/v2", "http://modelservice.h:8080"),
        ("http://h/api/v2//", "http://h/api/v2", "http://modelservice.h"),
        ("https://gw/ml/ws", "https://gw/ml/ws/api/v2", "https://modelservice.gw"),
        ("http://[::1]:80", "http://[::1]:80/api/v2", "http://modelservice.[::1]:80"),
        ("http://[::1]", "http://[::1]/api/v2", "http://modelservice.[::1]"),
        ("http://h:65535", "http://h:65535/api/v2", "http://modelservice.h:65535"),
    ])
    func rootsAreDerived(text: String, api: String, models: String) throws {
        let url = try ServiceURL(text)
        #expect(url.apiRoot == api)
        #expect(url.modelService.description == models)
    }

    @Test(arguments: [
        "", "ml.example.com", "ftp://x", "https://", "https:///x", "https://:80", "https://u:p@h", "https://h?x=1",
        "https://h#f", "https://h h", "https://h\n.x", "https://ümlaut", "https://h\\x",
        "https://h:0", "https://h:65536", "https://h:99999", "https://h:", "https://h:8o", "https://h:+80",
        "https://[::1]:0",
    ])
    func othersAreRefused(text: String) {
        #expect(throws: ServiceURL.Invalid.self) { try ServiceURL(text) }
    }

    @Test func aPasswordIsNotRepeated() {
        let error = #expect(throws: ServiceURL.Invalid.self) { try ServiceURL("https://user:hunter2@host") }
        #expect(error?.description.contains("hunter2") == false)
    }
}
