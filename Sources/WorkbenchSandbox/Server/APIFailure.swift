// SPDX-License-Identifier: Apache-2.0

/// A refusal in the API's own shape: the gRPC code decides the HTTP status.
struct APIFailure: Error, Equatable {
    /// The gRPC codes that the sandbox uses, with the HTTP status that grpc-gateway v1 gives them.
    enum Code: Int32 {
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case unauthenticated = 16

        var status: Int {
            switch self {
            case .invalidArgument, .failedPrecondition: 400
            case .unauthenticated: 401
            case .permissionDenied: 403
            case .notFound: 404
            case .alreadyExists: 409
            case .resourceExhausted: 429
            case .internal: 500
            case .unimplemented: 501
            case .unavailable: 503
            case .deadlineExceeded: 504
            }
        }

        /// The code that belongs to a status, for faults that name a status.
        init(status: Int) {
            self =
                switch status {
                case 401: .unauthenticated
                case 403: .permissionDenied
                case 404: .notFound
                case 409: .alreadyExists
                case 429: .resourceExhausted
                case 501: .unimplemented
                case 502, 503: .unavailable
                case 504: .deadlineExceeded
                case 400..<500: .invalidArgument
                default: .internal
                }
        }
    }

    let code: Code
    let message: String
    /// Differs from the code's own status only where HTTP itself refuses (405, 413).
    let status: Int

    init(_ code: Code, _ message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status ?? code.status
    }

    static func invalid(_ message: String) -> APIFailure {
        APIFailure(.invalidArgument, message)
    }

    static func notFound(_ kind: String, _ identifier: String) -> APIFailure {
        APIFailure(.notFound, "\(kind) \(identifier) not found")
    }

    /// The body: `error` and `message` hold the same text, `details` is left out.
    var body: [UInt8] {
        ProtoWriter.object { writer in
            writer.string("error", self.message)
            writer.count("code", Int(self.code.rawValue))
            writer.string("message", self.message)
        }
    }
}
