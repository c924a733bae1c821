// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts
import Synchronization
import Values

/// Builds a journal's image on the reader's thread.
final class ImageBox: Sendable {
    private let image = Mutex(JournalImage(now: Timestamp.now()))

    /// Adds a record; what is kept of it is copied.
    func add(_ record: borrowing RecordView) {
        var headers = JournalHeaders()
        record.forEachHeader { headers.take($0, $1) }
        let time = record.timestamp
        record.withKey { key in
            self.image.withLock { image in
                image.add(
                    key: key ?? UnsafeRawBufferPointer(start: nil, count: 0),
                    time: time,
                    headers: headers,
                    value: { record.withValue { $0.map { Array($0) } } }
                )
            }
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
