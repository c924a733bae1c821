// SPDX-License-Identifier: Apache-2.0

import Values

extension DrillLedger {
    /// Judges who wrote to the journal, and in which generation.
    mutating func judgeJournal(_ seen: Observations) {
        for (partition, entries) in Dictionary(grouping: seen.journal, by: \.partition).sorted(by: { $0.key < $1.key })
        {
            var newest: Observations.JournalEntry?
            for entry in entries.sorted(by: { $0.offset < $1.offset }) {
                if let newest {
                    let place = "partition \(partition), offset \(entry.offset)"
                    if entry.generation < newest.generation {
                        self.note(
                            .staleWrites,
                            "\(place): \(entry.process) in generation \(entry.generation) after \(newest.generation)"
                        )
                        continue
                    }
                    if entry.generation == newest.generation, entry.process != newest.process {
                        self.note(
                            .staleWrites,
                            "\(place): \(entry.process) and \(newest.process) in generation \(entry.generation)"
                        )
                    }
                }
                newest = entry
            }
        }
    }

    /// Measures how long each kill and each freeze kept the rollouts of a partition from going on.
    mutating func measureRecoveries(_ seen: Observations) {
        let partitions = Dictionary(grouping: seen.journal, by: \.partition).mapValues { entries in
            entries.sorted { $0.offset < $1.offset }
        }
        for fault in seen.injectedFaults where fault.kind == .kill || fault.kind == .freeze {
            for entries in partitions.values {
                let before = entries.prefix { $0.at <= fault.from }
                guard before.last?.process == fault.worker, DrillLedger.hasUnfinished(before),
                    let next = entries.dropFirst(before.count).first(where: { $0.rolloutID != nil })
                else { continue }
                self.recoveries.append(next.at.duration(since: fault.from))
            }
        }
        self.recoveries.sort()
    }

    private static func hasUnfinished(_ entries: ArraySlice<Observations.JournalEntry>) -> Bool {
        var unfinished: Set<String> = []
        for entry in entries {
            guard let id = entry.rolloutID else { continue }
            if entry.isTerminal { unfinished.remove(id) } else { unfinished.insert(id) }
        }
        return !unfinished.isEmpty
    }

    /// Finds the longest time in which there was work and no rollout moved, and whether a worker said why.
    mutating func measureStalls(_ seen: Observations) {
        var unfinished: Set<String> = []
        var last: Timestamp?
        for entry in seen.journal.sorted(by: { $0.at < $1.at }) {
            guard let id = entry.rolloutID else { continue }
            if let last, !unfinished.isEmpty { self.noteStall(from: last, to: entry.at, seen) }
            if entry.isTerminal { unfinished.remove(id) } else { unfinished.insert(id) }
            last = entry.at
        }
    }

    private mutating func noteStall(from: Timestamp, to: Timestamp, _ seen: Observations) {
        let length = to.duration(since: from)
        let isLongest = length > self.longestStall?.length ?? .zero
        guard isLongest || length > seen.stallLimit else { return }
        let cause = seen.health.first { $0.at >= from && $0.at <= to && $0.cause != nil }?.cause
        if isLongest { self.longestStall = Stall(length: length, cause: cause) }
        guard length > seen.stallLimit, cause == nil else { return }
        self.note(.unnamedStalls, "\(length.tenths) s without progress while every worker said that it is ready")
    }
}
