// SPDX-License-Identifier: Apache-2.0

package import Machine
import Rollouts
package import Telemetry
import Values

/// What the worker counts; labels are from closed lists, never from events.
package final class WorkerMetrics: WorkerObserver {
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

    package func note(_ reports: [Report]) {
        for report in reports { self.note(report) }
    }

    private func note(_ report: Report) {
        switch report {
        case .transaction(let report): self.transaction(report)
        case .phase(let state): self.phase(state)
        case .unfinished(let counts): self.inFlight(counts)
        case .orphans(let state):
            for orphan in state.aftermath?.orphans ?? [] {
                self.rollouts.orphans.with(orphan.kind.rawValue, orphan.outcome.rawValue).increment()
            }
        case .cleanupGivenUp: self.rollouts.sweepsGivenUp.increment()
        case .firstCall(let isCreating, let milliseconds):
            (isCreating ? self.events.toFirstCreate : self.events.toFirstCall)
                .observe(.milliseconds(max(0, milliseconds)))
        case .request(let request):
            self.workbench.calls.with(request.operation, request.status).increment()
            self.workbench.callSeconds.with(request.operation).observe(request.took.duration)
        case .markers(let step, let areKept): self.workbench.droppedMarkers.with(step.rawValue).set(areKept ? 0 : 1)
        case .startedOver: self.journal.producersReplaced.increment()
        case .offsetOutOfRange: self.events.lost.increment()
        case .ready(let partition):
            guard let records = partition.journalRecords else { return }
            self.restores.seconds.observe(partition.took.duration)
            self.restores.records.increment(by: UInt64(records))
        case .lag(let lag):
            for (partition, records) in lag {
                self.events.lag.with(partition.description).set(Int(clamping: records))
            }
        case .unusable(let unusable): self.restores.set(unusable)
        case .journalFindings, .renewing, .assigned, .revoked, .lost, .letGoInTheMiddle, .notReady, .consumerFailed,
            .intakePaused,
            .topicTakesNothing, .outage, .conditions:
            break
        }
    }

    private func transaction(_ report: TransactionReport) {
        let name: String
        switch report.outcome {
        case .committed(let transaction):
            name = "committed"
            self.journal.records.increment(by: UInt64(transaction.records))
            self.committed(transaction.entries)
        case .fenced:
            name = "aborted"
            self.journal.fenced.increment()
        case .aborted, .blamed: name = "aborted"
        case .unknown: name = "unknown"
        case .fatal: name = "fatal"
        }
        self.journal.transactions.with(name).increment()
        self.journal.transactionSeconds.observe(report.took.duration)
    }

    /// Counts what a committed transaction took over.
    private func committed(_ entries: [TransactionEntry]) {
        var counts: [String: UInt64] = [:]
        for entry in entries {
            switch entry.content {
            case .accepted: counts["accepted", default: 0] += 1
            case .dead(_, let reason, _, _):
                counts["dead", default: 0] += 1
                self.events.deadLetters.with(reason.class.rawValue).increment()
            case .forwarded: counts["forwarded", default: 0] += 1
            case .repeated(let count): counts["duplicate", default: 0] += UInt64(count)
            case .movedIn: counts["moved", default: 0] += 1
            case .movedOut, .start, .position, .step, .forgotten: break
            }
        }
        for (outcome, count) in counts { self.events.taken.with(outcome).increment(by: count) }
    }

    private func phase(_ state: RolloutState) {
        self.rollouts.phases.with(state.phase.rawValue).increment()
        if let previous = state.previousPhase, let milliseconds = state.previousPhaseMilliseconds {
            self.rollouts.phaseSeconds.with(previous.rawValue).observe(.milliseconds(milliseconds))
        }
        guard state.phase.isTerminal else { return }
        self.rollouts.ended.with(state.phase.rawValue, state.cause?.class.rawValue ?? "none").increment()
    }

    private func inFlight(_ counts: PhaseCounts) {
        var unfinished = 0
        for phase in Phase.allCases where !phase.isTerminal {
            self.rollouts.inFlight.with(phase.rawValue).set(counts[phase])
            unfinished += counts[phase]
        }
        self.rollouts.unfinished.set(unfinished)
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
    let droppedMarkers: MetricFamily<Gauge>

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
        self.droppedMarkers = registry.gauges(
            "slipway_markers_dropped",
            help: "Whether the workbench drops the markers of what is made, by kind: 1 if so.",
            labels: ["kind"]
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
    private let unreadable: Gauge
    private let foreign: Gauge
    private let parkedLanes: Gauge
    private let parkedPartitions: Gauge

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
        self.unreadable = registry.gauge(
            "slipway_journal_unreadable_records",
            help: "Journal records that can't be read, in partitions held; slipway journal check lists them."
        )
        self.foreign = registry.gauge(
            "slipway_journal_foreign_keys",
            help: "Keys of somebody else in the journal, which are ignored, in partitions held."
        )
        self.parkedLanes = registry.gauge(
            "slipway_journal_parked_lanes",
            help: "Lanes that wait because a journal record of theirs can't be read."
        )
        self.parkedPartitions = registry.gauge(
            "slipway_journal_parked_partitions",
            help: "Partitions that wait because a journal record can't be read and names no lane."
        )
    }

    func set(_ unusable: UnusableRecords) {
        self.unreadable.set(unusable.unreadable)
        self.foreign.set(unusable.foreignKeys)
        self.parkedLanes.set(unusable.parkedLanes)
        self.parkedPartitions.set(unusable.parkedPartitions)
    }
}
