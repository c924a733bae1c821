// SPDX-License-Identifier: Apache-2.0

/// Where the time of one transaction went.
package struct TransactionDurations: Hashable, Sendable {
    /// Records in the batch.
    package var records = 0
    /// Begin, and handing the records to librdkafka.
    package var produce = Duration.zero
    /// Until every record's delivery report was in.
    package var flush = Duration.zero
    /// Sending the offsets.
    package var offsets = Duration.zero
    /// The commit itself.
    package var commit = Duration.zero
    /// The abort, where there was one.
    package var abort = Duration.zero

    /// Creates durations of nothing.
    package init() {}

    /// The whole.
    package var total: Duration { self.produce + self.flush + self.offsets + self.commit + self.abort }
}
