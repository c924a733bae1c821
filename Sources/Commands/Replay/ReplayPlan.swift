// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What a replay would send: of each run and model the newest event, and what can't be sent, with its reason.
///
/// Pure: fed with records in any order.
struct ReplayPlan: Sendable {
    /// More events match than the limit allows.
    struct TooMany: Error, Equatable, CustomStringConvertible {
        let limit: Int

        var description: String {
            "more than \(self.limit) events match; ask for less, or raise --limit: each becomes a build and a deployment"
        }
    }

    /// One event.
    struct Entry: Sendable, Equatable {
        /// The record as it was read.
        var record: ConsumedRecord
        /// The run's id, if the event could be understood and names one.
        var run: String?
        /// The model's name, as far as the record says it.
        var model: String?
        /// CloudEvents `id`; empty for a plain event.
        var eventID = ""
        /// Why it can't be replayed; `nil` if it can.
        var problem: Problem?

        fileprivate var order: (Timestamp, String, Partition, Offset) {
            (self.record.timestamp ?? .epoch, self.record.topic, self.record.partition, self.record.offset)
        }
    }

    /// Why an event can't be replayed.
    struct Problem: Sendable, Equatable {
        /// A word for programs.
        var `class`: String
        /// One line for people.
        var message: String

        /// The event asked for the newest run of its time.
        static let noRun = Problem(
            class: "noRun",
            message: "names no run, but asks for the newest; 'slipway emit' without --run asks that again"
        )
    }

    private struct RunOfModel: Hashable {
        var run: String
        var model: String?
    }

    private let selection: ReplaySelection
    private let limit: Int
    private var wanted: [RunOfModel: Entry] = [:]
    private var unusable: [Entry] = []

    /// Records read so far.
    private(set) var read = 0
    /// Events left out because a newer one of the same run and model is there.
    private(set) var older = 0

    /// Creates an empty plan.
    ///
    /// - Parameters:
    ///   - selection: What is asked for.
    ///   - limit: Most events that are taken.
    init(_ selection: ReplaySelection, limit: Int) {
        self.selection = selection
        self.limit = limit
    }

    /// Takes a record of an event topic.
    ///
    /// - Throws: `TooMany` when it is one more than the limit.
    mutating func add(_ record: ConsumedRecord) throws(TooMany) {
        if let lost = record.lost {
            // Whether it is among what was asked for nobody can know.
            let reason = DeadLetterReason(lost)
            let problem = Problem(class: reason.class.rawValue, message: "\(reason.message); \(reason.nextStep)")
            self.unusable.append(Entry(record: record, model: nil, problem: problem))
            return
        }
        self.read += 1
        switch self.selection.verdict(record) {
        case .other: return
        case .unreadable(let reason):
            let problem = Problem(class: reason.class.rawValue, message: reason.message)
            self.unusable.append(Entry(record: record, model: nil, problem: problem))
        case .wanted(let event):
            var entry = Entry(
                record: record,
                run: event.data.run.runID,
                model: ReplaySelection.model(of: event, record),
                eventID: event.id
            )
            if let run = entry.run {
                self.keepNewer(entry, RunOfModel(run: run, model: entry.model))
            } else {
                entry.problem = .noRun
                self.unusable.append(entry)
            }
        }
        guard self.wanted.count + self.unusable.count <= self.limit else { throw TooMany(limit: self.limit) }
    }

    private mutating func keepNewer(_ entry: Entry, _ key: RunOfModel) {
        guard let known = self.wanted[key] else {
            self.wanted[key] = entry
            return
        }
        self.older += 1
        if known.order < entry.order { self.wanted[key] = entry }
    }

    /// The entries, oldest first, so that the newest run of a model comes last as it did before.
    var entries: [Entry] {
        (Array(self.wanted.values) + self.unusable).sorted { $0.order < $1.order }
    }
}
