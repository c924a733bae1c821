// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WorkbenchSandbox

@Suite("times")
struct WallTimeTests {
    @Test(
        "reads and writes RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2024-02-29T23:59:59.123456789Z", "2024-02-29T23:59:59.123456Z"),
            ("2026-11-24T05:00:00.5+02:00", "2026-11-24T03:00:00.500Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z"),
        ]
    )
    func times(text: String, written: String) throws {
        #expect(try #require(WallTime(rfc3339: text)).rfc3339 == written)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00Zx",
            "1700000000000",
        ]
    )
    func noTimes(text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }
}
