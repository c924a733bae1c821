// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
package import Telemetry
import Values

/// What the worker counts; labels are from closed lists, never from events.
package final class WorkerMetrics: Sendable {
    private let events: EventMetrics
    private let rollouts: RolloutMetrics
    private let workbench: WorkbenchMetrics
    private let journal: JournalMetrics
    private let restores: RestoreMetrics

    /// Registers the worker's metrics.
    package init(_ registry: MetricsRegistry) {
        self.events = EventMetrics(registry)
        self.rollouts = RolloutMetrics(registry)
        self.workbench = WorkbenchMetrics(registry)
        self.journal = JournalMetrics(registry)
        self.restores = RestoreMetrics(registry)
    }

    func transaction(_ outcome: TransactionOutcome, records: Int, seconds: Span) {
        let name =
            switch outcome {
            case .committed: "committed"
            case .aborted: "aborted"
            case .unknown: "unknown"
            case .fatal: "fatal"
            }
        self.journal.transactions.with(name).increment()
        self.journal.transactionSeconds.observe(seconds.duration)
        if case .committed = outcome { self.journal.records.increment(by: UInt64(records)) }
    }

    /// Counts what a committed transaction took over.
    func committed(_ items: [JournalItem]) {
        var counts: [String: UInt64] = [:]
        for item in items {
            switch item.content {
            case .accepted: counts["accepted", default: 0] += 1
            case .dead(_, let reason, _, _):
                counts["dead", default: 0] += 1
                self.events.deadLetters.with(reason.class.rawValue).increment()
            case .forwarded: counts["forwarded", default: 0] += 1
            case .repeated: counts["duplicate", default: 0] += 1
            case .begun, .step, .forgotten: break
            }
        }
        for (outcome, count) in counts { self.events.taken.with(outcome).increment(by: count) }
    }

    func phase(_ state: RolloutState) {
        self.rollouts.phases.with(state.phase.rawValue).increment()
        if let previous = state.previousPhase, let milliseconds = state.previousPhaseMilliseconds {
            self.rollouts.phaseSeconds.with(previous.rawValue).observe(.milliseconds(milliseconds))
        }
        guard state.phase.isTerminal else { return }
        self.rollouts.ended.with(state.phase.rawValue, state.cause?.class.rawValue ?? "none").increment()
    }

    /// Counts one call of the workbench.
    package func call(operation: String, status: String, duration: Duration) {
        self.workbench.calls.with(operation, status).increment()
        self.workbench.callSeconds.with(operation).observe(duration)
    }

    /// Notes how long an event took to its rollout's first call.
    func firstCall(isCreating: Bool, milliseconds: Int64) {
        (isCreating ? self.events.toFirstCreate : self.events.toFirstCall).observe(.milliseconds(max(0, milliseconds)))
    }

    func inFlight(_ count: Int) { self.rollouts.unfinished.set(count) }

    func inFlight(_ counts: PhaseCounts) {
        for phase in Phase.allCases where !phase.isTerminal {
            self.rollouts.inFlight.with(phase.rawValue).set(counts[phase])
        }
    }

    /// Says how far a partition's acceptance is behind its end; 0 for one that is no longer held.
    func lag(_ partition: Partition, _ records: Int64) {
        self.events.lag.with(partition.description).set(Int(clamping: records))
    }

    func orphan(_ orphan: Orphan) {
        self.rollouts.orphans.with(orphan.kind.rawValue, orphan.outcome.rawValue).increment()
    }

    func sweepGivenUp() { self.rollouts.sweepsGivenUp.increment() }

    func fenced() { self.journal.fenced.increment() }

    func startedOver() { self.journal.producersReplaced.increment() }

    func eventsLost() { self.events.lost.increment() }

    func restored(records: Int, _ time: Span) {
        self.restores.seconds.observe(time.duration)
        self.restores.records.increment(by: UInt64(records))
    }
}

/// Events: what became of them, and how long they wait.
private struct EventMetrics: Sendable {
    let taken: MetricFamily<Counter>
    let deadLetters: MetricFamily<Counter>
    let lost: Counter
    let lag: MetricFamily<Gauge>
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
        self.lost = registry.counter(
            "slipway_events_lost_total",
            help: "Times that a committed offset was out of range: events were deleted before they were accepted."
        )
        self.lag = registry.gauges(
            "slipway_consumer_lag",
            help: "Records of the events topic that are not accepted yet, by partition held; looked at every 5 s.",
            labels: ["partition"]
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

/// Rollouts: where they are, and how they ended.
private struct RolloutMetrics: Sendable {
    let ended: MetricFamily<Counter>
    let phases: MetricFamily<Counter>
    let phaseSeconds: MetricFamily<Histogram>
    let unfinished: Gauge
    let inFlight: MetricFamily<Gauge>
    let orphans: MetricFamily<Counter>
    let sweepsGivenUp: Counter

    init(_ registry: MetricsRegistry) {
        self.ended = registry.counters(
            "slipway_rollouts_total",
            help: "Rollouts that ended, by outcome and class of cause.",
            labels: ["outcome", "class"]
        )
        self.phases = registry.counters(
            "slipway_rollout_phases_total",
            help: "Status events written, by phase.",
            labels: ["phase"]
        )
        self.phaseSeconds = registry.histograms(
            "slipway_rollout_phase_seconds",
            help: "Time that rollouts spent in a phase.",
            labels: ["phase"],
            buckets: .stepSeconds
        )
        self.unfinished = registry.gauge("slipway_rollouts_unfinished", help: "Rollouts that have not ended.")
        self.inFlight = registry.gauges(
            "slipway_rollouts_in_flight",
            help: "Rollouts that have not ended, by phase.",
            labels: ["phase"]
        )
        self.orphans = registry.counters(
            "slipway_orphans_total",
            help: "Objects that calls of unknown outcome made after all, by kind and by what became of them.",
            labels: ["kind", "outcome"]
        )
        self.sweepsGivenUp = registry.counter(
            "slipway_sweeps_given_up_total",
            help: "Calls of sweeps that failed for good: what they were to find or take away is left."
        )
    }
}

/// Calls of the workbench.
private struct WorkbenchMetrics: Sendable {
    let calls: MetricFamily<Counter>
    let callSeconds: MetricFamily<Histogram>

    init(_ registry: MetricsRegistry) {
        self.calls = registry.counters(
            "slipway_api_calls_total",
            help: "Calls of the workbench, by operation and HTTP status or class of failure.",
            labels: ["operation", "status"]
        )
        self.callSeconds = registry.histograms(
            "slipway_api_call_seconds",
            help: "Duration of calls of the workbench.",
            labels: ["operation"],
            buckets: .callSeconds
        )
    }
}

/// The journal: its transactions and their producers.
private struct JournalMetrics: Sendable {
    let transactions: MetricFamily<Counter>
    let transactionSeconds: Histogram
    let records: Counter
    let fenced: Counter
    let producersReplaced: Counter

    init(_ registry: MetricsRegistry) {
        self.transactions = registry.counters(
            "slipway_journal_transactions_total",
            help: "Transactions of the journal, by outcome.",
            labels: ["outcome"]
        )
        self.transactionSeconds = registry.histogram(
            "slipway_journal_transaction_seconds",
            help: "Duration of the journal's transactions.",
            buckets: .callSeconds
        )
        self.records = registry.counter(
            "slipway_journal_records_total",
            help: "Records written in committed transactions."
        )
        self.fenced = registry.counter(
            "slipway_journal_fenced_total",
            help: "Transactions refused because the group had moved on."
        )
        self.producersReplaced = registry.counter(
            "slipway_producer_replaced_total",
            help: "Producers replaced after a fatal error or a commit of unknown outcome."
        )
    }
}

/// Partitions that were taken over.
private struct RestoreMetrics: Sendable {
    let seconds: Histogram
    let records: Counter

    init(_ registry: MetricsRegistry) {
        self.seconds = registry.histogram(
            "slipway_restore_seconds",
            help: "Time from a partition's assignment until its work goes on.",
            buckets: .stepSeconds
        )
        self.records = registry.counter(
            "slipway_restored_records_total",
            help: "Journal records read when partitions were taken over."
        )
    }
}
