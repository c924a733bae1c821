// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
package import Telemetry

/// What the worker counts; labels are from closed lists, never from events.
package final class WorkerMetrics: Sendable {
    private let events: MetricFamily<Counter>
    private let terminal: MetricFamily<Counter>
    private let phases: MetricFamily<Counter>
    private let unfinished: Gauge
    private let inFlightByPhase: MetricFamily<Gauge>
    private let lag: MetricFamily<Gauge>
    private let stepSeconds: MetricFamily<Histogram>
    private let apiCalls: MetricFamily<Counter>
    private let apiSeconds: MetricFamily<Histogram>
    private let firstCall: Histogram
    private let firstCreate: Histogram
    private let transactions: MetricFamily<Counter>
    private let transactionSeconds: Histogram
    private let journalRecords: Counter
    private let fencedTransactions: Counter
    private let producersReplaced: Counter
    private let offsetsOutOfRange: Counter
    private let orphans: MetricFamily<Counter>
    private let restores: Histogram
    private let restoredRecords: Counter

    /// Registers the worker's metrics.
    package init(_ registry: MetricsRegistry) {
        self.events = registry.counters(
            "slipway_events_total",
            help: "Events taken from the events topic, by what became of them.",
            labels: ["outcome"]
        )
        self.terminal = registry.counters(
            "slipway_rollouts_total",
            help: "Rollouts that ended, by outcome and class of cause.",
            labels: ["outcome", "class"]
        )
        self.phases = registry.counters(
            "slipway_rollout_phases_total",
            help: "Status events written, by phase.",
            labels: ["phase"]
        )
        self.unfinished = registry.gauge("slipway_rollouts_unfinished", help: "Rollouts that have not ended.")
        self.inFlightByPhase = registry.gauges(
            "slipway_rollouts_in_flight",
            help: "Rollouts that have not ended, by phase.",
            labels: ["phase"]
        )
        self.lag = registry.gauges(
            "slipway_consumer_lag",
            help: "Records of the events topic that are not accepted yet, by partition held; looked at every 5 s.",
            labels: ["partition"]
        )
        self.stepSeconds = registry.histograms(
            "slipway_rollout_phase_seconds",
            help: "Time that rollouts spent in a phase.",
            labels: ["phase"],
            buckets: .stepSeconds
        )
        self.apiCalls = registry.counters(
            "slipway_api_calls_total",
            help: "Calls of the workbench, by operation and HTTP status or class of failure.",
            labels: ["operation", "status"]
        )
        self.apiSeconds = registry.histograms(
            "slipway_api_call_seconds",
            help: "Duration of calls of the workbench.",
            labels: ["operation"],
            buckets: .callSeconds
        )
        self.firstCall = registry.histogram(
            "slipway_event_to_first_call_seconds",
            help: "Time from an event's timestamp to the first call that is made for it.",
            buckets: .callSeconds
        )
        self.firstCreate = registry.histogram(
            "slipway_event_to_first_create_seconds",
            help:
                "Time from an event's timestamp to the first creating call that is made for it, its commits included.",
            buckets: .callSeconds
        )
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
        self.journalRecords = registry.counter(
            "slipway_journal_records_total",
            help: "Records written in committed transactions."
        )
        self.fencedTransactions = registry.counter(
            "slipway_journal_fenced_total",
            help: "Transactions refused because the group had moved on."
        )
        self.producersReplaced = registry.counter(
            "slipway_producer_replaced_total",
            help: "Producers replaced after a fatal error or a commit of unknown outcome."
        )
        self.offsetsOutOfRange = registry.counter(
            "slipway_events_lost_total",
            help: "Times that a committed offset was out of range: events were deleted before they were accepted."
        )
        self.orphans = registry.counters(
            "slipway_orphans_total",
            help: "Objects that calls of unknown outcome made after all, by kind and by what became of them.",
            labels: ["kind", "outcome"]
        )
        self.restores = registry.histogram(
            "slipway_restore_seconds",
            help: "Time from a partition's assignment until its work goes on.",
            buckets: .stepSeconds
        )
        self.restoredRecords = registry.counter(
            "slipway_restored_records_total",
            help: "Journal records read when partitions were taken over."
        )
    }

    func transaction(_ outcome: TransactionOutcome, records: Int, seconds: Span) {
        let name =
            switch outcome {
            case .committed: "committed"
            case .aborted: "aborted"
            case .unknown: "unknown"
            case .fatal: "fatal"
            }
        self.transactions.with(name).increment()
        self.transactionSeconds.observe(seconds.duration)
        if case .committed = outcome { self.journalRecords.increment(by: UInt64(records)) }
    }

    /// Counts what a committed transaction took over.
    func committed(_ items: [JournalItem]) {
        var counts: [String: UInt64] = [:]
        for item in items {
            switch item.content {
            case .accepted: counts["accepted", default: 0] += 1
            case .dead: counts["dead", default: 0] += 1
            case .forwarded: counts["forwarded", default: 0] += 1
            case .repeated: counts["duplicate", default: 0] += 1
            case .begun, .step, .forgotten: break
            }
        }
        for (outcome, count) in counts { self.events.with(outcome).increment(by: count) }
    }

    func phase(_ state: RolloutState) {
        self.phases.with(state.phase.rawValue).increment()
        if let previous = state.previousPhase, let milliseconds = state.previousPhaseMilliseconds {
            self.stepSeconds.with(previous.rawValue).observe(.milliseconds(milliseconds))
        }
        guard state.phase.isTerminal else { return }
        self.terminal.with(state.phase.rawValue, state.cause?.class.rawValue ?? "none").increment()
    }

    /// Counts one call of the workbench.
    package func call(operation: String, status: String, duration: Duration) {
        self.apiCalls.with(operation, status).increment()
        self.apiSeconds.with(operation).observe(duration)
    }

    /// Notes how long an event took to its rollout's first call.
    func firstCall(isCreating: Bool, milliseconds: Int64) {
        (isCreating ? self.firstCreate : self.firstCall).observe(.milliseconds(max(0, milliseconds)))
    }

    func inFlight(_ count: Int) { self.unfinished.set(count) }

    func inFlight(_ counts: PhaseCounts) {
        for phase in Phase.allCases where !phase.isTerminal {
            self.inFlightByPhase.with(phase.rawValue).set(counts[phase])
        }
    }

    /// Says how far a partition's acceptance is behind its end; 0 for one that is no longer held.
    func lag(_ partition: Int32, _ records: Int64) { self.lag.with(String(partition)).set(Int(clamping: records)) }

    func orphan(_ orphan: Orphan) { self.orphans.with(orphan.kind.rawValue, orphan.outcome.rawValue).increment() }

    func fenced() { self.fencedTransactions.increment() }

    func startedOver() { self.producersReplaced.increment() }

    func eventsLost() { self.offsetsOutOfRange.increment() }

    func restored(records: Int, _ time: Span) {
        self.restores.observe(time.duration)
        self.restoredRecords.increment(by: UInt64(records))
    }
}
