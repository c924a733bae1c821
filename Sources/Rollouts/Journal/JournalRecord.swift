// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// One record of the journal topic.
///
/// What a restore must know of every record travels in headers, so that only unfinished rollouts are parsed.
package struct JournalRecord: Sendable, Equatable {
    /// Rollout id, or `lane:` and the lane's project and model, or `start`.
    package var key: [UInt8]
    /// JSON; `nil` is a tombstone.
    package var value: [UInt8]?
    /// Header fields.
    package var headers: [RecordHeader]

    /// Who writes.
    package struct Writer: Sendable, Equatable {
        /// Transactional id of the process.
        package var process: String
        /// Generation of the consumer group in which it writes.
        package var generation: Int32

        /// Creates a writer.
        package init(process: String, generation: Int32) {
            self.process = process
            self.generation = generation
        }
    }

    /// Names of the header fields.
    package enum HeaderName {
        /// Version of the format; a reader refuses what it doesn't know.
        package static let schema = "slipway_schema"
        /// `rollout`, `moved`, `lane` or `start`.
        package static let kind = "slipway_kind"
        /// Sequence number of the newest status event.
        package static let sequence = "slipway_sequence"
        /// Phase.
        package static let phase = "slipway_phase"
        /// Step.
        package static let step = "slipway_step"
        /// 64 bits of the run key's hash in hexadecimal digits, once resolved.
        package static let runKey = "slipway_run_key"
        /// The lane that the record belongs to, as `Lane.Key.journalText`; absent while a rollout holds none.
        ///
        /// In every version of the format, so that a record that can't be read parks no more than its lane. Written after
        /// `schema`, `phase` and `sweep`, which say whether it can matter.
        package static let lane = "slipway_lane"
        /// Present on the record of an ended rollout that is still to be swept for orphans.
        package static let sweep = "slipway_sweep"
        /// Process that wrote it.
        package static let process = "slipway_process"
        /// Generation in which it was written.
        package static let generation = "slipway_generation"
    }

    /// The format's version; what an earlier one has written is refused, since none was ever released.
    package static let schema = "4"

    package static func == (left: JournalRecord, right: JournalRecord) -> Bool {
        left.key == right.key && left.value == right.value
            && left.headers.elementsEqual(right.headers) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension JournalRecord {
    /// Writes down a rollout's state.
    package init(_ state: RolloutState, writer: Writer) {
        self.key = Array(state.id.description.utf8)
        self.value = JSONWriter.object { state.write(to: &$0) }
        self.headers = Self.common(kind: "rollout", writer)
        self.headers.append(RecordHeader(HeaderName.sequence, Array(String(state.sequence).utf8)))
        self.headers.append(RecordHeader(HeaderName.phase, Array(state.phase.rawValue.utf8)))
        self.headers.append(RecordHeader(HeaderName.step, Array(state.step.rawValue.utf8)))
        if let run = state.run {
            let key = RunKey(run, modelName: state.plan.modelName, replayID: state.replay?.id)
            self.headers.append(RecordHeader(HeaderName.runKey, Array(String(key.digest, radix: 16).utf8)))
        }
        if state.needsSweep { self.headers.append(RecordHeader(HeaderName.sweep, Array("due".utf8))) }
        if let lane = state.laneKey { self.headers.append(Self.header(of: lane)) }
    }

    /// Writes a tombstone for a rollout that is older than the horizon.
    ///
    /// It names its writer like every record, but no kind.
    package init(tombstoneOf id: RolloutID, writer: Writer) {
        self.key = Array(id.description.utf8)
        self.value = nil
        self.headers = Self.headers(of: writer)
    }

    /// Writes down a lane's state.
    package init(_ state: LaneState, writer: Writer) {
        self.key = JournalKey.bytes(of: state.key)
        self.value = JSONWriter.object { state.write(to: &$0) }
        self.headers = Self.common(kind: "lane", writer)
        self.headers.append(Self.header(of: state.key))
    }

    private static func header(of lane: Lane.Key) -> RecordHeader {
        RecordHeader(HeaderName.lane, Array(lane.journalText.utf8))
    }

    /// Writes down that a rollout goes on in another partition.
    ///
    /// Kept to the horizon: it answers repeated events, and says where the rollout is now.
    package init(moved move: Coordinator.Move, writer: Writer) {
        let state = move.rollout
        self.key = Array(state.id.description.utf8)
        self.value = JSONWriter.object { $0.field("to", move.to.rawValue) }
        self.headers = Self.common(kind: "moved", writer)
    }

    /// Writes down what a journal partition belongs to.
    package init(_ start: StartRecord, writer: Writer) {
        self.key = Array(StartRecord.key.utf8)
        self.value = JSONWriter.object { start.write(to: &$0) }
        self.headers = Self.common(kind: "start", writer)
    }

    private static func common(kind: String, _ writer: Writer) -> [RecordHeader] {
        [
            RecordHeader(HeaderName.schema, Array(self.schema.utf8)),
            RecordHeader(HeaderName.kind, Array(kind.utf8)),
        ] + self.headers(of: writer)
    }

    private static func headers(of writer: Writer) -> [RecordHeader] {
        [
            RecordHeader(HeaderName.process, Array(writer.process.utf8)),
            RecordHeader(HeaderName.generation, Array(String(writer.generation).utf8)),
        ]
    }
}
