// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Synchronization
import Telemetry
import TestSupport
import Values

@testable import WorkbenchAPI

/// The key that no output may ever show.
let testKey = "kEy0fTheT3st.abcdefghijklmnop"

/// A client over a scripted transport, with an observer's records.
struct Bench {
    let transport: ScriptedTransport
    let client: WorkbenchClient
    private let log: CallLog

    init(_ transport: ScriptedTransport, pageSize: Int = 100, maximumPages: Int = 1000) throws {
        let log = CallLog()
        self.transport = transport
        self.log = log
        self.client = WorkbenchClient(
            transport: transport,
            dialect: Dialect(
                baseURL: try ServiceURL("https://ml.example.com"),
                userAgent: "slipway/test",
                pageSize: pageSize,
                maximumPages: maximumPages
            ),
            credentials: FixedCredential(Secret(testKey)),
            observer: { log.append($0) },
            now: { Timestamp(millisecondsSinceEpoch: 784_111_767_000) }
        )
    }

    init(_ steps: ScriptedTransport.Step, pageSize: Int = 100) throws {
        try self.init(ScriptedTransport(steps), pageSize: pageSize)
    }

    var records: [CallRecord] { self.log.records }

    /// The URL of the only request, without the workbench's address.
    var path: String { String(self.transport.requests.first?.url.dropFirst("https://ml.example.com".count) ?? "") }

    /// The body of the only request.
    var body: String { String(decoding: self.transport.requests.first?.body ?? [], as: UTF8.self) }
}

private final class CallLog: Sendable {
    private let content = Mutex<[CallRecord]>([])

    var records: [CallRecord] { self.content.withLock { $0 } }

    func append(_ record: CallRecord) {
        self.content.withLock { $0.append(record) }
    }
}

/// Reads the body of an answer as the client does.
func decode<Value: APIAnswer>(_ json: String, as type: Value.Type = Value.self) throws(APIError) -> Value {
    let reading = ResponseFailure(operation: APIOperation("Test", "GET", "/test"), now: .distantPast)
    return try reading.answer(in: HTTPResponse(status: 200, body: Array(json.utf8)))
}

/// The error that `body` ends with.
func failure(of body: () async throws(APIError) -> some Any) async -> APIError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
