// SPDX-License-Identifier: Apache-2.0

package import Values

/// Why records of an event topic that were read are not accepted yet.
package enum IntakeHold: Hashable, Sendable {
    /// As many rollouts that came by the topic are unfinished as its share allows.
    case topicShare(topic: String)
    /// As many rollouts of the route of the next event are under way as its quota allows.
    case routeQuota(route: String, topic: String)
    /// The same, with events of which facts have yet to say whether they are of the route.
    case openEvents(route: String, topic: String)
    /// As many as may be were passed on to other workers in this second.
    case pace(topic: String)
    /// The owner of the inbox partition to which the next event belongs has not said for a while whether it has room.
    case silence(topic: String, partition: Partition)

    /// The event topic whose records wait.
    package var topic: String {
        switch self {
        case .topicShare(let topic), .routeQuota(_, let topic), .openEvents(_, let topic), .pace(let topic),
            .silence(let topic, _):
            topic
        }
    }

    /// The route that has no room; empty where it is no route's.
    package var route: String {
        switch self {
        case .routeQuota(let route, _), .openEvents(let route, _): route
        case .topicShare, .pace, .silence: ""
        }
    }

    /// The inbox partition whose owner is silent; `nil` where it is no silence.
    private var partition: Partition? {
        switch self {
        case .silence(_, let partition): partition
        case .topicShare, .routeQuota, .openEvents, .pace: nil
        }
    }

    /// What logs and meters show of it; several holds may have the same.
    package struct Label: Hashable, Sendable {
        /// The event topic.
        let topic: String
        /// The route; empty where it is no route's.
        let route: String
    }

    /// What logs and meters show of it.
    package var label: Label { Label(topic: self.topic, route: self.route) }

    /// Whether people are told of it: not of what is over in a second.
    package var isTold: Bool {
        switch self {
        case .topicShare, .routeQuota, .openEvents, .silence: true
        case .pace: false
        }
    }

    /// Why they wait and what to do, in one line; the same for as long as it lasts.
    package var cause: String {
        switch self {
        case .topicShare(let topic):
            "events of topic '\(topic)' wait: it has its share of intake.maximumUnfinished, which all event topics share "
                + "alike; they go on as rollouts end, and other topics meanwhile."
        case .routeQuota(let route, let topic):
            "events of topic '\(topic)' wait: the next one is of route '\(route)', whose quota is used up; they go on as "
                + "rollouts of the route end, or raise its quota."
        case .openEvents(let route, let topic):
            "events of topic '\(topic)' wait: the next one may be of route '\(route)', whose quota has room, but as many events that "
                + "give ids alone may be of that route, too; they go on as the workbench says where those runs lie."
        case .pace(let topic):
            "events of topic '\(topic)' are passed on to other workers, no more than these can tell of."
        case .silence(let topic, let partition):
            "events of topic '\(topic)' wait: the worker that holds inbox partition \(partition) has not answered for 10 s whether "
                + "it has room for more, so it may be restarting or gone, or wait for a journal record, which its readiness names; "
                + "they go on when it answers, and a few every 45 s."
        }
    }
}

extension IntakeHold: Comparable {
    package static func < (left: IntakeHold, right: IntakeHold) -> Bool {
        (left.topic, left.route, left.partition?.rawValue ?? -1)
            < (right.topic, right.route, right.partition?.rawValue ?? -1)
    }
}
