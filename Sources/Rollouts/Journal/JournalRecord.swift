// SPDX-License-Identifier: Apache-2.0

import JSON
package import Values

/// One record of the journal topic.
///
/// What a restore must know of every record travels in headers, so that only unfinished rollouts are parsed.
package struct JournalRecord: Sendable, Equatable {
    /// Rollout id, or `lane:` and the lane's project and model, or `start`, or
    /// `position:commands`, or `command:` and the hash of a command's id.
    package var key: [UInt8]
    /// JSON; `nil` is a tombstone.
    package var value: [UInt8]?
    /// Header fields.
    package var headers: [RecordHeader]

    /// Who writes.
    package struct Writer: Sendable, Equatable {
        /// Transactional id of the process.
        package let process: String
        /// Generation of the consumer group in which it writes.
        package let generation: Int32
        /// What each of its records says of it; made once, for thousands of records.
        fileprivate let headers: [RecordHeader]

        /// Creates a writer.
        package init(process: String, generation: Int32) {
            self.process = process
            self.generation = generation
            self.headers = [
                RecordHeader(HeaderName.process, process), RecordHeader(HeaderName.generation, String(generation)),
            ]
        }
    }

    /// Names of the header fields.
    package enum HeaderName {
        /// Version of the format; a reader refuses what it doesn't know.
        package static let schema = "slipway_schema"
        /// `rollout`, `moved`, `lane`, `start`, `position` or `command`.
        package static let kind = "slipway_kind"
        /// Sequence number of the newest status event.
        package static let sequence = "slipway_sequence"
        /// Phase.
        package static let phase = "slipway_phase"
        /// Step.
        package static let step = "slipway_step"
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
        let key = state.id.digits
        self.key = key
        self.value = JSONWriter.object { state.write(to: &$0, digits: key) }
        self.headers = Self.common(kind: Self.rolloutKind, writer)
        self.headers.append(RecordHeader(HeaderName.sequence, String(state.sequence)))
        self.headers.append(Self.phases[state.phase])
        self.headers.append(Self.steps[state.step])
        if state.needsSweep { self.headers.append(RecordHeader(HeaderName.sweep, Array("due".utf8))) }
        if let lane = state.laneKey { self.headers.append(Self.header(of: lane)) }
    }

    /// Writes a tombstone for a rollout that is older than the horizon.
    ///
    /// It names its writer like every record, but no kind.
    package init(tombstoneOf id: RolloutID, writer: Writer) {
        self.key = id.digits
        self.value = nil
        self.headers = writer.headers
    }

    /// Writes down a lane's state.
    package init(_ state: LaneState, writer: Writer) {
        self.key = JournalKey.bytes(of: state.key)
        self.value = JSONWriter.object { state.write(to: &$0) }
        self.headers = Self.common(kind: RecordHeader(HeaderName.kind, "lane"), writer)
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
        self.key = state.id.digits
        self.value = JSONWriter.object { $0.field("to", move.to.rawValue) }
        self.headers = Self.common(kind: RecordHeader(HeaderName.kind, "moved"), writer)
    }

    /// Writes down what a journal partition belongs to.
    package init(_ start: StartRecord, writer: Writer) {
        self.key = Array(StartRecord.key.utf8)
        self.value = JSONWriter.object { start.write(to: &$0) }
        self.headers = Self.common(kind: RecordHeader(HeaderName.kind, "start"), writer)
    }

    /// Writes down up to where a partition has done what stands in the commands topic.
    package init(_ position: CommandsPosition, writer: Writer) {
        self.key = Array(CommandsPosition.key.utf8)
        self.value = JSONWriter.object { position.write(to: &$0) }
        self.headers = Self.common(kind: RecordHeader(HeaderName.kind, "position"), writer)
    }

    /// Writes down that a command was done, so that no other one of its id is.
    ///
    /// - Parameters:
    ///   - command: What it asked for.
    ///   - id: Its id.
    ///   - writer: Who writes.
    package init(_ command: DoneCommand, id: String, writer: Writer) {
        self.key = JournalKey.bytes(of: CommandName(ofID: id))
        self.value = JSONWriter.object { command.write(to: &$0, id: id) }
        self.headers = Self.common(kind: RecordHeader(HeaderName.kind, "command"), writer)
    }

    /// Writes a tombstone for a command that is older than the horizon.
    package init(tombstoneOf command: CommandName, writer: Writer) {
        self.key = JournalKey.bytes(of: command)
        self.value = nil
        self.headers = writer.headers
    }

    private static func common(kind: RecordHeader, _ writer: Writer) -> [RecordHeader] {
        var headers: [RecordHeader] = []
        headers.reserveCapacity(9)
        headers.append(self.schemaHeader)
        headers.append(kind)
        headers += writer.headers
        return headers
    }

    // Made once, for thousands of records a second.
    private static let schemaHeader = RecordHeader(HeaderName.schema, Self.schema)
    private static let rolloutKind = RecordHeader(HeaderName.kind, "rollout")
    private static let phases = WordHeaders<Phase> { RecordHeader(HeaderName.phase, $0.rawValue) }
    private static let steps = WordHeaders<RolloutStep> { RecordHeader(HeaderName.step, $0.rawValue) }
}
