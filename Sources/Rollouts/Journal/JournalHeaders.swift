// SPDX-License-Identifier: Apache-2.0

import Values

/// What the header fields of a journal record say, as far as a restore looks at them.
///
/// Read field by field from lent bytes, without a text or an array for any: a journal has millions of records.
package struct JournalHeaders: Sendable {
    enum Kind: Sendable {
        case rollout, moved, lane, start, position, command, foreign
    }

    private(set) var kind: Kind?
    /// The format's version, where it is not ours; empty where there is none.
    private(set) var unknownSchema: [UInt8]? = []
    private(set) var isTerminal = false
    private(set) var isToBeSwept = false
    private(set) var isFailed = false
    /// Whether the rollout's run was not known yet, so that it held no lane.
    private(set) var isResolving = false
    /// The lane that the record belongs to, as `Lane.Key.journalText`; kept only where it may be asked for.
    private(set) var lane: [UInt8]?

    /// Creates fields of a record without any.
    package init() {}

    /// Takes the next header field; of two of one name the later one counts.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - value: Its value; `nil` for none.
    package mutating func take(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
        // All names begin alike, so their lengths are looked at first.
        switch name.count {
        case 12 where name.says("slipway_kind"): self.kind = Self.kind(value)
        case 12 where name.says("slipway_step"): self.isResolving = value?.says("resolve") == true
        case 12 where name.says("slipway_lane"):
            // The many records of ended rollouts are not read any further, so that nothing of them can be unreadable.
            guard !(self.unknownSchema == nil && self.isTerminal && !self.isToBeSwept) else { return }
            self.lane = value.map { Array($0) }
        case 13 where name.says("slipway_phase"):
            self.isFailed = value?.says("failed") == true
            self.isTerminal = Self.isTerminal(value)
        case 13 where name.says("slipway_sweep"): self.isToBeSwept = value != nil
        case 14 where name.says("slipway_schema"):
            self.unknownSchema =
                value?.elementsEqual(JournalRecord.schema.utf8) == true ? nil : value.map { Array($0) } ?? []
        default: break
        }
    }

    private static func kind(_ value: UnsafeRawBufferPointer?) -> Kind? {
        guard let value else { return nil }
        if value.says("rollout") { return .rollout }
        if value.says("lane") { return .lane }
        if value.says("moved") { return .moved }
        if value.says("position") { return .position }
        if value.says("command") { return .command }
        return value.says("start") ? .start : .foreign
    }

    private static func isTerminal(_ value: UnsafeRawBufferPointer?) -> Bool {
        guard let value else { return false }
        return value.says("deployed") || value.says("failed") || value.says("skipped") || value.says("superseded")
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are that text.
    fileprivate func says(_ text: StaticString) -> Bool {
        self.elementsEqual(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
