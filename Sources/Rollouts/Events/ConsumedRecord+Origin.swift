// SPDX-License-Identifier: Apache-2.0

package import Values

extension ConsumedRecord {
    /// Where the event stood first: what a forwarded record carries in its headers, else where this record stands.
    ///
    /// Header fields that say it wrongly are as good as none here; `EventDecoder` refuses them by name.
    package var origin: Origin {
        Forwarding.origin(in: self.headers)
            ?? Origin(topic: self.topic, partition: self.partition, offset: self.offset)
    }

    /// Whether it was forwarded to this partition, so that it is never forwarded again.
    package var isForwarded: Bool { self.headers.contains { $0.name == Forwarding.HeaderName.forwarded } }
}
