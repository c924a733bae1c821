// SPDX-License-Identifier: Apache-2.0

package import Values

/// Why an event can't be understood.
package struct DeadLetterReason: Error, Sendable, Equatable {
    /// The closed vocabulary of reasons.
    package enum Class: String, Sendable, CaseIterable {
        /// The record has no value.
        case tombstone
        /// The value has no bytes.
        case empty
        /// The record is larger than intake takes.
        case tooLarge
        /// The JSON is nested deeper than intake takes.
        case nestedTooDeeply
        /// The JSON or a header field is not UTF-8.
        case notUTF8
        /// The JSON ends too early.
        case truncated
        /// The JSON breaks its grammar.
        case malformedJSON
        /// An object has the same name twice.
        case duplicateField
        /// A header field that must be unique comes twice.
        case duplicateHeader
        /// A content mode or content type other than the ones taken.
        case unsupportedContent
        /// A version of CloudEvents other than 1.0.
        case unsupportedSpecVersion
        /// A type of event other than the one taken.
        case unknownType
        /// A header field names a CloudEvents attribute as another transport than Kafka does.
        case wrongPrefix
        /// A CloudEvents attribute that is required is not there.
        case missingAttribute
        /// A CloudEvents attribute has a value that it can't have.
        case malformedAttribute
        /// A field of the event that is required is not there.
        case missingField
        /// A field of the event has another JSON type than it must have.
        case wrongType
        /// A field of the event has a value that it can't have.
        case invalidValue
        /// A field that no event has: a worker goes on without it and says so, `slipway emit` refuses it.
        case unknownField
        /// The event belongs to another partition of the inbox, and can't be passed on to it.
        case notForwardable
        /// The inbox has a record that no worker wrote.
        case foreignInboxRecord
        /// A batch of records can't be read: what was in it is lost.
        case unreadableBatch
    }

    /// The named kind of reason.
    package let `class`: Class
    /// One line for people: what, where, what is allowed; at most 300 bytes, with nothing of the event's body.
    package let message: String
    /// Which offsets it speaks of; `nil` where it speaks of one record.
    package let lost: LostRange?

    /// Creates a reason; a longer message is cut.
    package init(_ class: Class, _ message: String) {
        self.class = `class`
        self.message = message.cut(toBytes: 300)
        self.lost = nil
    }

    /// Creates the reason why records in a row are passed over that nobody can read.
    package init(_ lost: LostRange) {
        let last = Offset(rawValue: lost.next.rawValue - 1)
        let place = lost.count > 1 ? "offsets \(lost.first) to \(last)" : "offset \(lost.first)"
        self.class = .unreadableBatch
        self.message = "the batch at \(place) can't be read and was passed over: \(lost.reason)".cut(toBytes: 300)
        self.lost = lost
    }

    /// What an operator does next, in one sentence.
    package var nextStep: String {
        switch self.class {
        case .tombstone:
            "Find the producer that sends a null value to the events topic; events are never deleted by key."
        case .empty, .truncated, .malformedJSON, .notUTF8, .duplicateField:
            "Correct the producer's JSON, then emit the event again: slipway emit."
        case .tooLarge: "Send less in the event, or raise intake.maximumEventBytes."
        case .nestedTooDeeply: "Send the fields of the event only: nothing in it is nested so deeply."
        case .duplicateHeader: "Let the producer set each CloudEvents header field once."
        case .unsupportedContent: "Send JSON in CloudEvents binary or structured mode, or the plain data object."
        case .unsupportedSpecVersion: "Let the producer send CloudEvents 1.0."
        case .unknownType: "Send this event to a topic of its own, or correct its type."
        case .wrongPrefix: "Let the producer name its header fields as CloudEvents' Kafka binding does: ce_type, ce_id."
        case .missingAttribute, .malformedAttribute: "Correct the CloudEvents attribute that the message names."
        case .missingField, .wrongType, .invalidValue:
            "Correct the field that the message names, then emit the event again: slipway emit."
        case .unknownField: "Correct the name of the field that the message names, or leave it out."
        case .notForwardable:
            "Look at max.message.bytes of the inbox, and whether all workers have the same routes file; then emit the event "
                + "again: slipway emit."
        case .unreadableBatch:
            "Find who wrote the batch (a broker's disk may have damaged it) and have what was in it sent again; let the topic have "
                + "compression.type=uncompressed, with which brokers refuse such batches (slipway topics ensure --alter)."
        case .foreignInboxRecord: "Find who writes to the inbox: it is private to the workers."
        }
    }
}

extension String {
    /// The text, or its beginning with an ellipsis in so many bytes of UTF-8.
    package func cut(toBytes limit: Int) -> String {
        guard self.utf8.count > limit else { return self }
        var bytes = Array(self.utf8.prefix(max(0, limit - 3)))
        // No half character at the end: drop the bytes that continue one, then the one that began it.
        while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
        if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self) + "…"
    }
}
