// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization

/// Builds a journal's image on the reader's thread.
final class ImageBox: Sendable {
    private let image = Mutex(JournalImage(now: WorkerClock.wallMilliseconds()))

    /// Adds a record; what is kept of it is copied.
    func add(_ record: borrowing RecordView) {
        let key = record.withKey { $0.map { Array($0) } ?? [] }
        let time = record.timestampMilliseconds
        self.image.withLock { image in
            image.add(
                key: key,
                time: time,
                value: { record.withValue { $0.map { Array($0) } } },
                header: { Self.header($0, of: record) }
            )
        }
    }

    private static func header(_ name: String, of record: borrowing RecordView) -> [UInt8]? {
        let copy: (UnsafeRawBufferPointer?) -> [UInt8]? = { $0.map { Array($0) } }
        return switch name {
        case JournalRecord.HeaderName.schema: record.withHeader("slipway_schema", copy)
        case JournalRecord.HeaderName.kind: record.withHeader("slipway_kind", copy)
        case JournalRecord.HeaderName.phase: record.withHeader("slipway_phase", copy)
        case JournalRecord.HeaderName.sweep: record.withHeader("slipway_sweep", copy)
        case JournalRecord.HeaderName.runKey: record.withHeader("slipway_run_key", copy)
        default: nil
        }
    }

    /// Gives the image away and begins a new one.
    func take() -> JournalImage {
        self.image.withLock { image in
            defer { image = JournalImage() }
            return image
        }
    }
}
