// SPDX-License-Identifier: Apache-2.0

/// Where a server listens and what it accepts.
package struct HTTPServerSettings: Sendable {
    /// Address or name of the interface; default `127.0.0.1`.
    package var host: String
    /// TCP port; 0, the default, takes any free one.
    package var port: UInt16
    /// Longest request line plus header fields, in bytes; a longer head gets 431, one of more than twice that 400.
    package var maximumHeadBytes: Int
    /// Longest request body, in bytes; a longer one gets 413 and the connection is closed.
    package var maximumBodyBytes: Int
    /// A connection that neither sends nor takes bytes for that long is closed; `nil` for never.
    ///
    /// Does not count while a handler has not replied yet, nor while a stream is open.
    package var idleTimeout: Duration?
    /// What is borne of whoever can reach the port; `nil` for no limits, where only friends can.
    package var connections: ConnectionLimits?

    /// Creates settings; defaults: 64 KiB of head, 16 MiB of body, 75 seconds idle, no limits of connections.
    package init(
        host: String = "127.0.0.1",
        port: UInt16 = 0,
        maximumHeadBytes: Int = 64 << 10,
        maximumBodyBytes: Int = 16 << 20,
        idleTimeout: Duration? = .seconds(75),
        connections: ConnectionLimits? = nil
    ) {
        self.host = host
        self.port = port
        self.maximumHeadBytes = maximumHeadBytes
        self.maximumBodyBytes = maximumBodyBytes
        self.idleTimeout = idleTimeout
        self.connections = connections
    }
}

/// The address that a started server listens on.
package struct BoundAddress: Sendable, Equatable {
    /// The host as configured.
    package let host: String
    /// The port, chosen by the system where 0 was configured.
    package let port: UInt16

    /// Creates an address.
    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `http://host:port`, fit for a client on the same machine.
    package var url: String {
        let name =
            switch self.host {
            case "0.0.0.0", "": "127.0.0.1"
            case "::": "[::1]"
            default: self.host.contains(":") ? "[\(self.host)]" : self.host
            }
        return "http://\(name):\(self.port)"
    }
}
