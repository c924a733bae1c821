// SPDX-License-Identifier: Apache-2.0

/// Why a server could not start.
package enum HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process, or another server of this one, listens there.
    case addressInUse(address: String)
    /// The host is no address of this machine, or can't be resolved.
    case invalidAddress(address: String, reason: String)
    /// The process may not listen there, as with ports below 1024.
    case notPermitted(address: String)
    /// The system refused a resource.
    case system(operation: String, reason: String)
    /// `start` was called before; a server starts once.
    case alreadyStarted

    /// One line for an operator, with what to change.
    package var description: String {
        switch self {
        case .addressInUse(let address):
            "can't listen on \(address): the address is taken; stop the other process or choose another port (0: any)"
        case .invalidAddress(let address, let reason):
            "can't listen on \(address): \(reason); give an address of this machine, such as 127.0.0.1 or 0.0.0.0"
        case .notPermitted(let address):
            "can't listen on \(address): not permitted; choose a port above 1023"
        case .system(let operation, let reason):
            "can't start the HTTP server: \(operation): \(reason)"
        case .alreadyStarted:
            "the HTTP server was started before"
        }
    }
}

/// Something that went wrong while serving and that no client can be told about in full.
package enum HTTPServerProblem: Sendable, Equatable, CustomStringConvertible {
    /// A handler dropped its responder; the client got 500.
    case droppedWithoutReply(route: String)
    /// A handler dropped its stream without ending it; the connection was closed.
    case streamDropped(route: String)
    /// A second reply to one request was ignored.
    case secondReply(route: String)
    /// A response header field with characters that HTTP forbids was left out.
    case invalidHeader(name: String)
    /// The system gave no new connection, as when the limit of open files is reached; `untold` times since this was last told.
    case acceptFailed(reason: String, untold: Int)

    /// One line for a log.
    package var description: String {
        switch self {
        case .droppedWithoutReply(let route): "handler of \(route) ended without a reply; the client got 500"
        case .streamDropped(let route): "handler of \(route) dropped its stream without ending it"
        case .secondReply(let route): "handler of \(route) replied twice; the second reply was ignored"
        case .invalidHeader(let name): "response header '\(name)' has forbidden characters and was left out"
        case .acceptFailed(let reason, let untold):
            "can't accept a connection: \(reason); trying again ten times a second"
                + (untold > 0 ? " (\(untold) times since this was last told)" : "")
        }
    }
}
