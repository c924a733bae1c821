// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Telemetry
import Values

/// What the log says of events that were put aside: one line for each class of a transaction, however many they are.
struct DeadLetterNotice: Sendable, Equatable {
    /// Why the first of them was put aside.
    let reason: DeadLetterReason
    /// Where the first of them stood.
    let origin: Origin
    /// How many of the class there are.
    private(set) var count = 1

    /// Finds the dead letters among entries that are committed.
    ///
    /// - Parameter entries: Entries of one transaction.
    /// - Returns: A notice for each class, in the order of their first.
    static func notices(of entries: [TransactionEntry]) -> [DeadLetterNotice] {
        var notices: [DeadLetterNotice] = []
        for entry in entries {
            guard case .dead(let record, let reason, _, _) = entry.content else { continue }
            // Each loss is told with its offsets.
            if reason.lost == nil, let index = notices.firstIndex(where: { $0.reason.class == reason.class }) {
                notices[index].count += 1
            } else {
                notices.append(DeadLetterNotice(reason: reason, origin: record.origin))
            }
        }
        return notices
    }

    /// Writes the line.
    func write(to logger: Logger) {
        if let lost = self.reason.lost {
            logger.error(
                "a batch that can't be read was passed over, with a dead letter in its place",
                [
                    "class": .string(self.reason.class.rawValue), "cause": .string(self.reason.message),
                    "nextStep": .string(self.reason.nextStep), "topic": .string(self.origin.topic),
                    "partition": .integer(self.origin.partition.rawValue), "offset": .integer(lost.first.rawValue),
                    "until": .integer(lost.next.rawValue),
                ]
            )
            return
        }
        logger.warning(
            "event put aside as a dead letter",
            [
                "class": .string(self.reason.class.rawValue), "cause": .string(self.reason.message),
                "nextStep": .string(self.reason.nextStep), "topic": .string(self.origin.topic),
                "partition": .integer(self.origin.partition.rawValue), "offset": .integer(self.origin.offset.rawValue),
                "count": .integer(self.count),
            ]
        )
    }
}
