// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
package import Values

/// What a journal partition says, built up record by record in the order of their offsets.
package struct JournalSnapshot: Sendable {
    /// Why a journal can't be read.
    package enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// Written by a version of the program that this one doesn't know.
        case unknownSchema(String, key: String)
        /// Not a record of this program.
        case foreign(key: String)
        /// A record of an unfinished rollout or a lane can't be decoded.
        case undecodable(key: String, String)

        package var description: String {
            switch self {
            case .unknownSchema(let schema, let key):
                "journal record '\(key)' has schema '\(schema)', this version knows '\(JournalRecord.schema)': "
                    + "start the version that wrote it, or a newer one"
            case .foreign(let key):
                "journal record '\(key)' was not written by Slipway: the journal topic must be its own"
            case .undecodable(let key, let reason):
                "journal record '\(key)' can't be decoded: \(reason)"
            }
        }
    }

    /// Records of rollouts that are not over: not ended, or still to be swept.
    private var unfinished: [RolloutID: [UInt8]] = [:]
    private var lanes: [[UInt8]: [UInt8]] = [:]
    private var known = KnownRollouts()
    /// What the partition belongs to; `nil` where no worker has had it yet.
    package private(set) var start: StartRecord?
    /// Records added.
    package private(set) var recordCount = 0
    private var failure: Failure?

    /// For records that have no time.
    private let now: Timestamp

    /// Creates the snapshot of an empty journal.
    ///
    /// - Parameter now: Now, for records that have no time of their own.
    package init(now: Timestamp = .latest) { self.now = now }

    /// Adds the next record.
    ///
    /// The first record that can't be read decides the outcome of `restored()`; nothing after it is looked at.
    ///
    /// - Parameters:
    ///   - key: The record's key; lent, and copied where it is kept.
    ///   - time: The record's time, where it has one.
    ///   - headers: What its header fields say.
    ///   - value: The record's value; asked for only where it is kept.
    package mutating func add(
        key: UnsafeRawBufferPointer,
        time: Timestamp? = nil,
        headers: JournalHeaders,
        value: () -> [UInt8]?
    ) {
        guard self.failure == nil else { return }
        self.recordCount += 1
        guard let kind = headers.kind else {
            // A tombstone says nothing of a kind: what it names is older than the horizon, and known no longer.
            guard value() == nil else {
                self.failure = .foreign(key: Self.text(key))
                return
            }
            self.lanes[Array(key)] = nil
            if let id = RolloutID(digits: key) {
                self.unfinished[id] = nil
                self.known.forget(id)
            }
            return
        }
        if let schema = headers.unknownSchema {
            let text = schema.withUnsafeBytes { Self.text($0) }
            self.failure = .unknownSchema(text, key: Self.text(key))
            return
        }
        switch (kind, RolloutID(digits: key)) {
        case (.lane, _): self.lanes[Array(key)] = value()
        case (.rollout, let id?): self.addRollout(id, time: time, headers: headers, value: value)
        case (.moved, let id?):
            // It goes on elsewhere: known here, and over.
            self.known.restore(id, runKey: nil, endedAt: time ?? self.now)
            self.unfinished[id] = nil
        case (.start, _): self.addStart(value())
        case (.rollout, nil), (.moved, nil), (.foreign, _): self.failure = .foreign(key: Self.text(key))
        }
    }

    private mutating func addStart(_ value: [UInt8]?) {
        do {
            guard let start = try value.flatMap({ StartRecord(try JSONValue(parsing: $0)) }) else {
                self.failure = .undecodable(key: StartRecord.key, "it says no partitions, group and workbench")
                return
            }
            self.start = start
        } catch {
            self.failure = .undecodable(key: StartRecord.key, String(describing: error))
        }
    }

    private mutating func addRollout(
        _ id: RolloutID,
        time: Timestamp?,
        headers: JournalHeaders,
        value: () -> [UInt8]?
    ) {
        // A record without a time counts as new: it is forgotten a horizon after the first restore that met it.
        let endedAt = headers.isTerminal ? time ?? self.now : nil
        self.known.restore(id, runKey: headers.runKey, endedAt: endedAt)
        if headers.isTerminal, !headers.isToBeSwept {
            if !self.unfinished.isEmpty { self.unfinished[id] = nil }
        } else {
            self.unfinished[id] = value()
        }
    }

    /// Returns what the journal says; decodes the unfinished rollouts and the lanes.
    package consuming func restored() throws(Failure) -> Coordinator.Restored {
        if let failure { throw failure }
        let decoder = JSONDecoder()
        var texts = NeighbourTexts()
        var states: [RolloutState] = []
        states.reserveCapacity(self.unfinished.count)
        // In one order always: hash tables have another one in each process, and what is decided must not depend on it.
        for (id, value) in self.unfinished.sorted(by: { $0.key < $1.key }) {
            var state = try Self.decode(RolloutState.self, value, key: id.description, decoder)
            texts.share(with: &state)
            states.append(state)
        }
        var lanes: [LaneState] = []
        for (key, value) in self.lanes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            lanes.append(try Self.decode(LaneState.self, value, key: key.withUnsafeBytes { Self.text($0) }, decoder))
        }
        return Coordinator.Restored(
            unfinished: states.filter { !$0.phase.isTerminal },
            known: self.known,
            lanes: lanes,
            unswept: states.filter(\.phase.isTerminal)
        )
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ bytes: [UInt8],
        key: String,
        _ decoder: JSONDecoder
    ) throws(Failure) -> Value {
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch {
            throw .undecodable(key: key, String(describing: error))
        }
    }

    /// A key for an error message: bounded, printable.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix(80).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
