// SPDX-License-Identifier: Apache-2.0

/// What a server bears whose port anybody may reach.
///
/// Each connection then serves one request, and no body is read that is longer than the settings allow.
package struct ConnectionLimits: Sendable, Equatable {
    /// Most connections at a time; a further one takes the place of the oldest.
    package var maximum: Int
    /// Most connections of one address at a time; a further one takes the place of its oldest.
    package var maximumPerPeer: Int
    /// From accepting a connection to the end of its request; it is closed then.
    package var requestTimeout: Duration
    /// From there to the end of the reply; the connection is closed then.
    package var replyTimeout: Duration

    /// Creates limits; defaults: 64 connections, 8 of one address, 5 seconds for a request, 30 for a reply.
    ///
    /// The newest has the right of way: whoever opens connections and says nothing must not keep a probe out.
    package init(
        maximum: Int = 64,
        maximumPerPeer: Int = 8,
        requestTimeout: Duration = .seconds(5),
        replyTimeout: Duration = .seconds(30)
    ) {
        self.maximum = maximum
        self.maximumPerPeer = maximumPerPeer
        self.requestTimeout = requestTimeout
        self.replyTimeout = replyTimeout
    }
}
