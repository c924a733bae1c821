// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Rollouts
import Values

/// What happened, as a rolling hash over values; as text, too, where somebody wants the story.
struct Trace {
    /// Something worth a line of its own.
    enum Note: UInt64 {
        case began = 1
        case ended, killed, frozen, thawed, emitted, faultBegan, lateCopyRefused, phase, quiet, transaction
    }

    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Takes the story's lines as they come, so that a world that traps has told how it came to that.
    private let story: ((String) -> Void)?

    init(story: ((String) -> Void)?) { self.story = story }

    mutating func mix(_ value: UInt64) {
        self.hash = (self.hash ^ value) &* 0x9E37_79B9_7F4A_7C15
        self.hash ^= self.hash >> 29
    }

    mutating func note(_ note: Note, _ number: Int) {
        self.mix(note.rawValue << 32 | UInt64(truncatingIfNeeded: number))
    }

    func tell(_ line: @autoclosure () -> String) {
        if let story = self.story { story(line()) }
    }

    mutating func turn(_ process: Int, at time: MonotonicTime, _ inputs: [Input]) {
        self.mix(UInt64(bitPattern: time.nanoseconds))
        self.mix(UInt64(truncatingIfNeeded: process << 16 | inputs.count))
        for input in inputs { self.mix(Self.code(of: input)) }
    }

    mutating func actions(_ actions: [Action]) {
        for action in actions { self.mix(Self.code(of: action)) }
    }

    private static func code(of input: Input) -> UInt64 {
        switch input {
        case .group(let fact):
            switch fact {
            case .assigned(let partitions, let membership):
                return 1 << 40 | UInt64(partitions.count) << 20 | UInt64(membership.generation)
            case .membershipChanged(let membership): return 2 << 40 | UInt64(membership.generation)
            case .revoking(let partitions, let id): return 3 << 40 | UInt64(partitions.count) << 20 | id.number
            case .lost(let partitions): return 4 << 40 | UInt64(partitions.count)
            case .records(let lease, let entries): return 5 << 40 | lease.epoch << 16 | UInt64(entries.count)
            case .located(let lease, _): return 6 << 40 | lease.epoch
            case .offsetOutOfRange: return 7 << 40
            case .ends(let ends): return 8 << 40 | UInt64(ends.count)
            case .failed: return 9 << 40
            }
        case .journal(let fact):
            switch fact {
            case .restored(let lease, let result):
                var count = UInt64(0)
                if case .success(let facts) = result { count = UInt64(facts.recordCount) }
                return 10 << 40 | lease.epoch << 20 | count
            case .topicStarts: return 11 << 40
            case .heldBack(let lease, let offset):
                return 37 << 40 | lease.epoch << 20 | UInt64(truncatingIfNeeded: offset.rawValue)
            case .commitEnded(let id, let outcome):
                return 12 << 40 | id.number << 4 | Self.code(of: outcome)
            case .producerReady: return 13 << 40
            case .producerFailed: return 14 << 40
            }
        case .commands(let id, let result):
            var count = UInt64(0)
            if case .success(let batch) = result { count = UInt64(batch.entries.count) }
            return 35 << 40 | id.number << 16 | count
        case .workbench(let answers):
            return answers.reduce(15 << 40) { code, answer in
                switch answer.outcome {
                case .response(let response):
                    return code ^ (answer.id.number << 12 | UInt64(response.status) ^ UInt64(response.body.count) << 34)
                case .failure: return code ^ (answer.id.number << 12 | 1)
                case .keyMissing: return code ^ (answer.id.number << 12 | 2)
                }
            }
        case .woke: return 16 << 40
        case .stop: return 17 << 40
        }
    }

    private static func code(of outcome: CommitOutcome) -> UInt64 {
        switch outcome {
        case .committed: 1
        case .oversized: 2
        case .refused: 3
        case .membershipLost: 4
        case .aborted: 5
        case .unknown: 6
        case .fatal: 7
        }
    }

    private static func code(of action: Action) -> UInt64 {
        switch action {
        case .group(let order):
            switch order {
            case .locate(let lease, _): return 20 << 40 | lease.epoch
            case .read(let lease, let offset, _):
                return 21 << 40 | lease.epoch << 20 | UInt64(bitPattern: offset.rawValue)
            case .pause(let leases): return 22 << 40 | UInt64(leases.count)
            case .resume(let leases): return 23 << 40 | UInt64(leases.count)
            case .letGo(let id): return 24 << 40 | id.number
            case .askEnds(let partitions): return 25 << 40 | UInt64(partitions.count)
            }
        case .journal(let order):
            switch order {
            case .restore(let lease): return 26 << 40 | lease.epoch
            case .abandon(let lease): return 27 << 40 | lease.epoch
            case .readTopicStarts: return 28 << 40
            case .commit(let transaction):
                return 29 << 40 | transaction.id.number << 16 | UInt64(transaction.entries.count)
            case .rebuildProducer: return 30 << 40
            }
        case .commands(.read(let id, let offset, _)):
            return 36 << 40 | id.number << 20 | UInt64(bitPattern: offset.rawValue)
        case .workbench(let order):
            switch order {
            case .start(let requests): return requests.reduce(31 << 40) { $0 ^ ($1.id.number << 8) }
            case .cancelUnstarted(let ids): return 32 << 40 | UInt64(ids.count)
            case .reloadKey: return 33 << 40
            }
        case .end: return 34 << 40
        }
    }
}
