// SPDX-License-Identifier: Apache-2.0

package import Values

/// A record of a journal partition that stands under a key of ours and can't be read.
///
/// It is never guessed at and never overwritten by itself: a later record or a tombstone of its key heals it.
package struct JournalDefect: Sendable, Equatable, CustomStringConvertible {
    /// Why a record can't be read.
    package enum Reason: Error, Sendable, Equatable, CustomStringConvertible {
        /// Written by a version of the program that this one doesn't know.
        case unknownSchema(String)
        /// Its header fields are not those of a record under such a key.
        case notOurs
        /// Its value is not what this version writes.
        case undecodable(String)
        /// It says what no rollout, lane or start can be.
        case impossible(String)

        /// One line for an operator.
        package var description: String {
            switch self {
            case .unknownSchema(let schema):
                "it has schema '\(schema)', and this version knows '\(JournalRecord.schema)'"
            case .notOurs: "it was not written by Slipway"
            case .undecodable(let reason): "it can't be decoded: \(reason)"
            case .impossible(let reason): "it says what can't be: \(reason)"
            }
        }

        /// What an operator does next, beside forgetting the record.
        var remedy: String {
            switch self {
            case .unknownSchema: "start the version that wrote it, or a newer one, or give it up with"
            case .notOurs, .undecodable, .impossible: "write the right record under its key again, or give it up with"
            }
        }
    }

    /// What stands still until the record is healed.
    package enum Parks: Sendable, Equatable {
        /// The rollout alone: it holds no lane.
        case rollout
        /// The rollouts of one lane.
        case lane(Lane.Key)
        /// Nothing but other commands of the same id, which are refused.
        case command
        /// The whole partition: nobody knows whose record it is.
        case partition
    }

    /// The record's key.
    package var key: [UInt8]
    /// Where it stands; `nil` where that is not known.
    package var offset: Offset?
    /// Why it can't be read.
    package var reason: Reason
    /// What it parks.
    package var parks: Parks

    /// Creates a defect.
    package init(key: [UInt8], offset: Offset?, reason: Reason, parks: Parks) {
        self.key = key
        self.offset = offset
        self.reason = reason
        self.parks = parks
    }

    /// The key as people and the command line write it.
    package var keyText: String { JournalKeyText.text(self.key) }

    /// What an operator does.
    package var nextStep: String {
        guard self.keyText != StartRecord.key else {
            return "\(self.reason.remedy): slipway journal begin --accept-loss"
        }
        return "\(self.reason.remedy): slipway journal forget \(JournalKeyText.quoted(self.keyText))"
    }

    /// One line: the record, why it can't be read, what stands still and what to do.
    package var description: String {
        let parked =
            switch self.parks {
            case .rollout: "its rollout waits"
            case .lane(let lane): "lane '\(lane.journalText)' waits"
            case .command: "other commands of its id are refused"
            case .partition: "the partition waits, since the record names no lane"
            }
        return "journal record '\(self.keyText)' can't be read: \(self.reason); \(parked); \(self.nextStep)"
    }
}

/// What a journal partition holds beside what can be used.
package struct JournalFindings: Sendable, Equatable {
    /// A key that is nobody's of ours.
    package struct ForeignKey: Sendable, Equatable {
        /// The key, cut where it is long.
        package var key: [UInt8]
        /// Where its newest record stands; `nil` where that is not known.
        package var offset: Offset?

        /// Creates one.
        package init(key: [UInt8], offset: Offset?) {
            self.key = key
            self.offset = offset
        }

        /// The key as people and the command line write it.
        package var keyText: String { JournalKeyText.text(self.key) }
    }

    /// Records of ours that can't be read, by their keys.
    package var defects: [JournalDefect]
    /// Keys of others, which are ignored; at most `mostForeign`.
    package var foreign: [ForeignKey]

    /// The most foreign keys that are kept.
    package static let mostForeign = 1_000

    /// Creates findings; by default of a journal in which all is well.
    package init(defects: [JournalDefect] = [], foreign: [ForeignKey] = []) {
        self.defects = defects
        self.foreign = foreign
    }

    /// What parks the whole partition; `nil` where its work goes on.
    package var parksPartition: JournalDefect? { self.defects.first { $0.parks == .partition } }

    /// The lanes that are parked, each with the first record that parks it.
    package var parkedLanes: [Lane.Key: JournalDefect] {
        var lanes: [Lane.Key: JournalDefect] = [:]
        for defect in self.defects {
            guard case .lane(let lane) = defect.parks, lanes[lane] == nil else { continue }
            lanes[lane] = defect
        }
        return lanes
    }
}

/// Keys of the journal for people: printable, bounded.
package enum JournalKeyText {
    /// The most characters of a key that are shown.
    private static let most = 600

    /// A key as text.
    package static func text(_ key: some Collection<UInt8>) -> String {
        let text = String(decoding: key.prefix(4 * self.most), as: UTF8.self)
        return String(text.prefix(self.most).map { $0.unicodeScalars.allSatisfy(Self.isPlain) ? $0 : "?" })
    }

    /// A key's text as a shell takes it.
    package static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2D, 0x2E, 0x2F, 0x3A, 0x5F].contains(byte)
        }
        return isPlain && !text.isEmpty
            ? text : "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
