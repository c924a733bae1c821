// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// Events: what became of them, and how long they wait.
struct EventMetrics: Sendable {
    let taken: MetricFamily<Counter>
    let deadLetters: MetricFamily<Counter>
    let refusedLetters: Counter
    let lost: Counter
    let lag: MetricFamily<Gauge>
    let claims: MetricFamily<Counter>
    let held: MetricFamily<Gauge>
    let toFirstCall: Histogram
    let toFirstCreate: Histogram

    init(_ registry: MetricsRegistry) {
        self.taken = registry.counters(
            "slipway_events_total",
            help: "Events taken from the events topic, by what became of them.",
            labels: ["outcome"]
        )
        self.deadLetters = registry.counters(
            "slipway_dead_letters_total",
            help: "Events put aside because they can't be understood, by class of reason.",
            labels: ["class"]
        )
        self.refusedLetters = registry.counter(
            "slipway_dead_letters_refused_total",
            help: "Dead letters that a broker has refused in every form; the log names the events."
        )
        self.lost = registry.counter(
            "slipway_events_lost_total",
            help: "Times that a committed offset was out of range: events were deleted before they were accepted."
        )
        self.lag = registry.gauges(
            "slipway_consumer_lag",
            help:
                "Records not accepted yet, those of open transactions included, by partition held; looked at every 5 s.",
            labels: ["partition"]
        )
        self.claims = registry.counters(
            "slipway_event_claims_ignored_total",
            help: "Events that say what only workers and operators may say, by topic; nothing comes of that.",
            labels: ["topic"]
        )
        self.held = registry.gauges(
            "slipway_events_held",
            help:
                "Whether events wait for room, by topic and route; without a route the topic has its share, or the owner of a "
                + "partition has not answered: 1 if so.",
            labels: ["topic", "route"]
        )
        self.toFirstCall = registry.histogram(
            "slipway_event_to_first_call_seconds",
            help: "Time from an event's timestamp to the first call that is made for it.",
            buckets: .callSeconds
        )
        self.toFirstCreate = registry.histogram(
            "slipway_event_to_first_create_seconds",
            help:
                "Time from an event's timestamp to the first creating call that is made for it, its commits included.",
            buckets: .callSeconds
        )
    }
}

/// What operators ask for.
struct CommandMetrics: Sendable {
    let answered: MetricFamily<Counter>
    let lost: Counter
    let unreadable: Counter

    init(_ registry: MetricsRegistry) {
        self.answered = registry.counters(
            "slipway_commands_total",
            help: "Commands of operators that were answered, by kind and by what became of them.",
            labels: ["kind", "outcome"]
        )
        self.lost = registry.counter(
            "slipway_commands_lost_total",
            help: "Offsets of the commands topic that were deleted before some inbox partition had come to them: "
                + "so many commands are lost at the most."
        )
        self.unreadable = registry.counter(
            "slipway_commands_unreadable_total",
            help: "Commands in batches that can't be read, by offsets; a dead letter names each batch."
        )
    }
}

/// Reading: what it can't get past.
struct ReadingMetrics: Sendable {
    let unreadable: Counter
    let standing: Gauge

    init(_ registry: MetricsRegistry) {
        self.unreadable = registry.counter(
            "slipway_events_unreadable_total",
            help:
                "Offsets that were passed over because nobody can read what stands there; a dead letter names each range."
        )
        self.standing = registry.gauge(
            "slipway_partitions_standing",
            help: "Partitions whose reading stands still though there is something to read; readiness names the first."
        )
    }
}
