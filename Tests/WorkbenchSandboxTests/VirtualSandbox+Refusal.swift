// SPDX-License-Identifier: Apache-2.0

import JSON
import TestSupport
import Testing
import WorkbenchSandbox

extension VirtualSandbox {
    /// Sends one call of API v2, which has to be refused in the API's shape.
    mutating func refusal(
        _ method: String,
        _ path: String,
        _ body: String = ""
    ) throws -> (status: Int, code: Int64, message: String) {
        let delivery = self.send(method, "/api/v2" + path, body)
        let json = try JSONValue(parsing: delivery.body)
        let message = try #require(json["message"]?.text)
        #expect(json["error"]?.text == message)
        return (delivery.status, try #require(json["code"]?.wholeNumber), message)
    }
}
