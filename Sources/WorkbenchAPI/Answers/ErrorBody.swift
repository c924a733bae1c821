// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// What a response with an error status says in its body.
struct ErrorBody {
    /// The server's words, not yet cleaned; empty where there are none.
    let message: String
    /// gRPC code, where the workbench itself answered.
    let grpcCode: Int?
    /// Whether it is JSON as the model service writes it.
    let isOfService: Bool

    /// Whether it is JSON as the workbench's gateway writes it; other gateways put HTTP's own numbers there.
    var isOfGateway: Bool { self.grpcCode.map { (1...16).contains($0) } ?? false }

    /// Reads the gateway's JSON, the model service's, a page or plain text.
    init(_ body: [UInt8]) {
        if let error = Self.gatewayError(body) {
            self.message = error.message
            self.grpcCode = error.code
            self.isOfService = error.isOfService
        } else {
            self.message = Self.text(of: body)
            self.grpcCode = nil
            self.isOfService = false
        }
    }

    /// Whether the body looks like a page and not like JSON.
    static func isPage(_ body: [UInt8]) -> Bool {
        let text = ByteOrderMark.dropped(from: body).drop { $0 <= 0x20 }
        // What stands for a key that was taken out looks like a tag, too.
        return text.first == UInt8(ascii: "<") && !text.starts(with: Redaction.mark)
    }

    /// What a compressed body is called.
    static let compressed = "compressed (gzip), which was not asked for: does a proxy do that?"

    /// The title of a page.
    static func title(of body: [UInt8]) -> String? {
        let text = self.beginning(of: body)
        let lower = text.lowercased()
        // Lower-casing may change the length of other letters, so offsets are only taken from an ASCII page.
        let page = text.utf8.count == lower.utf8.count ? lower : ""
        guard let open = page.firstRange(of: "<title"),
            let start = page[open.upperBound...].firstIndex(of: ">"),
            let end = page[start...].firstRange(of: "</title")?.lowerBound
        else { return nil }
        let from = page.utf8.distance(from: page.startIndex, to: page.index(after: start))
        let count = page.utf8.distance(from: page.index(after: start), to: end)
        return String(decoding: text.utf8.dropFirst(from).prefix(count), as: UTF8.self)
    }

    private static func gatewayError(_ body: [UInt8]) -> GatewayError? {
        let first = ByteOrderMark.dropped(from: body).first { $0 > 0x20 }
        guard first == UInt8(ascii: "{"), body.count <= 1 << 20 else { return nil }
        // Not the gateway's where it can't be read: its text still says more than the reader's complaint.
        guard let value = try? JSONValue(answer: body) else { return nil }
        return try? GatewayError(value)
    }

    /// Whether the body is compressed; no request asks for that, and what decompresses it unasked could be made to fill
    /// memory.
    static func isCompressed(_ body: [UInt8]) -> Bool { body.starts(with: [0x1F, 0x8B]) }

    private static func text(of body: [UInt8]) -> String {
        guard !self.isCompressed(body) else { return "an answer that is \(self.compressed)" }
        guard self.isPage(body) else { return self.beginning(of: body) }
        return self.title(of: body).map { "a page titled '\($0)'" } ?? "a page instead of JSON"
    }

    private static func beginning(of body: [UInt8]) -> String {
        String(decoding: body.prefix(16 << 10), as: UTF8.self)
    }
}

/// The gateway's error object; `errors` is the model service's.
private struct GatewayError {
    let message: String
    let code: Int?
    let isOfService: Bool

    init(_ value: JSONValue) throws(FieldFailure) {
        let fields = try Fields(value)
        let code = try fields.integer("code")
        self.code = code == 0 ? nil : Int(clamping: code)
        self.isOfService = fields.isPresent("errors")
        var message = try fields.text("message")
        if message.isEmpty { message = (try? fields.text("error")) ?? "" }
        if message.isEmpty, let errors = fields.value("errors") { message = try ServiceErrors(errors).text }
        self.message = message
    }
}

/// What the model service puts under `errors`: a text, a list of texts, or an object with code and message.
struct ServiceErrors {
    let text: String

    init(_ value: JSONValue) throws(FieldFailure) {
        switch value {
        case .object:
            let fields = try Fields(value)
            self.text = [try fields.text("code"), try fields.text("message")]
                .filter { !$0.isEmpty }
                .joined(separator: ": ")
        case .array(let elements):
            let texts = elements.compactMap(\.text)
            guard texts.count == elements.count else { throw FieldFailure("not all elements are texts") }
            self.text = texts.joined(separator: "; ")
        case .string(let text): self.text = text
        case .null, .bool, .integer, .double: throw FieldFailure("errors were expected, not \(value.kind)")
        }
    }
}
