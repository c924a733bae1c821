// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Operations

@Suite("Listen addresses")
struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9464", "127.0.0.1", 9464, "127.0.0.1:9464"), ("[::1]:0", "::1", 0, "[::1]:0"),
        (":8080", "0.0.0.0", 8080, "0.0.0.0:8080"), ("localhost:65535", "localhost", 65535, "localhost:65535"),
    ])
    func hostAndPortAreRead(text: String, host: String, port: UInt16, shown: String) throws {
        let address = try ListenAddress(text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.description == shown)
    }

    @Test(arguments: ["", "localhost", "9464", "h:", "h:65536", "h:-1", "h:x", "::1:80", "h: 80"])
    func othersAreRefused(text: String) {
        #expect(throws: ListenAddress.Invalid.self) { try ListenAddress(text) }
    }
}
