// SPDX-License-Identifier: Apache-2.0

package import JSON
package import Values
package import WorkbenchSandbox

/// A sandbox without sockets on a clock that only the test moves.
package struct VirtualSandbox {
    /// A call that had to be answered otherwise than it was.
    package struct Unexpected: Error, CustomStringConvertible {
        /// The call, the status and the body that it got.
        package let description: String
    }

    /// The only key that it accepts.
    package static let key = "test-key"

    /// The sandbox itself.
    package var sandbox: Sandbox
    /// The moment of whatever is sent next.
    package var now = Timestamp(microsecondsSinceEpoch: 1_800_000_000_000_000)

    /// An empty sandbox.
    package init(clock: LifeCycleClock = .instant, seed: UInt64 = 1) {
        self.sandbox = Sandbox(apiKey: VirtualSandbox.key, clock: clock, seed: seed)
    }

    /// Lets time pass.
    package mutating func advance(_ duration: Duration) {
        self.now = self.now.advanced(by: duration)
    }

    /// Sends one request, with the key unless told otherwise.
    package mutating func send(
        _ method: String,
        _ target: String,
        _ body: String = "",
        authorization: String? = "Bearer \(key)"
    ) -> SandboxDelivery {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let request = SandboxRequest(
            method: method,
            path: parts[0],
            query: parts.count > 1 ? parts[1] : "",
            authorization: authorization,
            body: Array(body.utf8)
        )
        return self.sandbox.receive(request, at: self.now)
    }

    /// Sends one call of API v2, which has to be accepted.
    ///
    /// - Throws: `Unexpected` if it is refused, `JSONFailure` for an answer that is not JSON.
    @discardableResult
    package mutating func call(_ method: String, _ path: String, _ body: String = "") throws -> JSONValue {
        let delivery = self.send(method, "/api/v2" + path, body)
        guard delivery.status == 200 else {
            let text = String(decoding: delivery.body, as: UTF8.self)
            throw Unexpected(description: "\(method) \(path): \(delivery.status) \(text)")
        }
        return try JSONValue(parsing: delivery.body)
    }

    /// The audit, one value per line.
    package mutating func auditLines() throws -> [JSONValue] {
        try self.send("GET", "/sandbox/audit").body.split(separator: UInt8(ascii: "\n")).map { line in
            try JSONValue(parsing: Array(line))
        }
    }

    /// Puts fault rules in force, as `PUT /sandbox/faults` takes them.
    ///
    /// - Throws: `Unexpected` if they are refused.
    package mutating func setFaults(_ rules: String) throws {
        let delivery = self.send("PUT", "/sandbox/faults", rules)
        guard delivery.status == 200 else {
            throw Unexpected(description: String(decoding: delivery.body, as: UTF8.self))
        }
    }
}

extension JSONValue {
    /// The member of that name, which has to be a text.
    ///
    /// - Throws: `VirtualSandbox.Unexpected` if there is none.
    package func required(_ name: String) throws -> String {
        guard let text = self[name]?.text else {
            throw VirtualSandbox.Unexpected(description: "\(self.kind) without a text '\(name)'")
        }
        return text
    }
}

/// The id of an object as the API gives it.
///
/// - Throws: `VirtualSandbox.Unexpected` if it has none.
package func objectID(_ object: JSONValue) throws -> String {
    try object.required("id")
}
