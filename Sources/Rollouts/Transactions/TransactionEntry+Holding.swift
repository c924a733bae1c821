// SPDX-License-Identifier: Apache-2.0

/// What is left of an entry where partitions have gone (rule 3).
extension TransactionEntry {
    /// Returns what may still be written of it.
    ///
    /// - Its own journal partition is gone, its source is not: an accepted event is passed on to whoever owns it now; what else
    ///   it wrote is that one's to write.
    /// - Its source is gone, its journal partition is not: the record is written without the offset. The event is read again
    ///   by somebody else, passed on to this partition, and known here.
    /// - Both are gone, or all it has: nothing.
    ///
    /// - Parameters:
    ///   - ownership: Says what is held.
    ///   - maximumDeadBytes: What the dead-letter topic takes, for an event that can't be passed on either.
    /// - Returns: The entry as it may be written; `nil` for nothing.
    func held(by ownership: PartitionOwnership, maximumDeadBytes: Int) -> TransactionEntry? {
        let isWriter = self.writer.map { ownership.isWritable($0) } ?? true
        let isSource = self.taken.map { ownership.isWritable($0.lease) } ?? true
        if isWriter, isSource { return self }
        if isWriter, self.writer != nil {
            var entry = self
            entry.taken = nil
            return entry
        }
        guard isSource, let taken, case .accepted(let state, let record) = self.content else { return nil }
        let event = ForwardedEvent(record: record, id: state.id, owner: state.partition, time: state.acceptedAt)
        return TransactionEntry(.forwarded(event, maximumDeadBytes: maximumDeadBytes), taken: taken)
    }
}
