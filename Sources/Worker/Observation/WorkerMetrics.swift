// SPDX-License-Identifier: Apache-2.0

package import Machine
import Rollouts
package import Telemetry
import Values

/// What the worker counts; labels are from closed lists, never from events.
package final class WorkerMetrics: WorkerObserver {
    private let events: EventMetrics
    private let commands: CommandMetrics
    private let rollouts: RolloutMetrics
    private let workbench: WorkbenchMetrics
    private let journal: JournalMetrics
    private let restores: RestoreMetrics
    private let reading: ReadingMetrics

    /// Registers the worker's metrics.
    package init(_ registry: MetricsRegistry) {
        self.events = EventMetrics(registry)
        self.commands = CommandMetrics(registry)
        self.rollouts = RolloutMetrics(registry)
        self.workbench = WorkbenchMetrics(registry)
        self.journal = JournalMetrics(registry)
        self.restores = RestoreMetrics(registry)
        self.reading = ReadingMetrics(registry)
    }

    package func note(_ reports: [Report]) {
        var phases = PhaseTally()
        let reports = reports.span
        for index in reports.indices {
            if case .phase(let state) = reports[index] { phases.count(state) }
            self.note(reports[index])
        }
        for (phase, count) in phases.phases { self.rollouts.phases.with(phase.rawValue).increment(by: count) }
        for (end, count) in phases.ends {
            self.rollouts.ended.with(end.phase.rawValue, end.cause?.rawValue ?? "none").increment(by: count)
        }
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
        case .held(let hold, let isHeld): self.events.held.with(hold.topic, hold.route).set(isHeld ? 1 : 0)
        case .standstill(let kind, let cause):
            self.workbench.standstills.with(kind.rawValue).set(cause == nil ? 0 : 1)
        case .outage(let component, let cause):
            self.workbench.outages.with(component.rawValue).set(cause == nil ? 0 : 1)
        case .startedOver: self.journal.producersReplaced.increment()
        case .commandsLost(let lost):
            self.commands.lost.increment(by: UInt64(lost.count))
        case .offsetOutOfRange: self.events.lost.increment()
        case .letterRefused: self.events.refusedLetters.increment()
        case .ready(let partition):
            guard let records = partition.journalRecords else { return }
            self.restores.seconds.observe(partition.took.duration)
            self.restores.records.increment(by: UInt64(records))
        case .authorityClaimed(let topic, let count, _): self.events.claims.with(topic).increment(by: UInt64(count))
        case .lag(let lag):
            for (partition, records) in lag {
                self.events.lag.with(partition.description).set(Int(clamping: records))
            }
        case .standing(let partitions): self.reading.standing.set(partitions.count)
        case .unusable(let unusable): self.restores.set(unusable)
        case .journalFindings, .renewing, .assigned, .revoked, .lost, .letGoInTheMiddle, .notReady, .consumerFailed,
            .intakePaused, .topicTakesNothing, .conditions, .failedBefore:
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
                self.events.deadLetters.with(reason.class.rawValue).increment()
                let unreadable = UInt64(reason.lost?.count ?? 0)
                // What stood in the commands topic takes no event.
                guard entry.taken != nil else {
                    self.commands.unreadable.increment(by: unreadable)
                    continue
                }
                counts["dead", default: 0] += 1
                self.reading.unreadable.increment(by: unreadable)
            case .forwarded: counts["forwarded", default: 0] += 1
            case .repeated(let count): counts["duplicate", default: 0] += UInt64(count)
            case .movedIn: counts["moved", default: 0] += 1
            case .command(let outcome, _, _, _):
                self.commands.answered.with(outcome.kindLabel, outcome.result.word).increment()
            case .movedOut, .start, .commandsRead, .commandsForgotten, .room, .position, .step, .forgotten: break
            }
        }
        for (outcome, count) in counts { self.events.taken.with(outcome).increment(by: count) }
    }

    private func phase(_ state: RolloutState) {
        if let previous = state.previousPhase, let milliseconds = state.previousPhaseMilliseconds {
            self.rollouts.phaseSeconds.with(previous.rawValue).observe(.milliseconds(milliseconds))
        }
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

extension CommandOutcome {
    /// The kind as a label: of a closed list, whatever a command says.
    fileprivate var kindLabel: String {
        self.head.kind == OperatorCommand.replayWord ? OperatorCommand.replayWord : "other"
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
    let outages: MetricFamily<Gauge>
    let standstills: MetricFamily<Gauge>

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
        self.outages = registry.gauges(
            "slipway_workbench_down",
            help: "Whether a part of the workbench is down, by its name: 1 if so.",
            labels: ["component"]
        )
        self.standstills = registry.gauges(
            "slipway_standstill",
            help: "Whether calls stand still though the workbench answers, by kind (pause, intents, calls): 1 if so.",
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
