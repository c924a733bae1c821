// SPDX-License-Identifier: Apache-2.0

package import Values

/// Rule 18: journal records that can't be read, and looks whether they have been healed.
extension PartitionOwnership {
    /// What the journals hold that can't be used, by partition in a fixed order.
    package var findings: [(partition: Partition, findings: JournalFindings)] {
        self.inspections.map { ($0.key.partition, $0.value.findings) }.sorted { $0.0 < $1.0 }
    }

    /// Journal partitions that wait until a record is healed, in a fixed order: nothing of their inbox is read meanwhile.
    package var parked: [Partition] {
        self.inspections.keys.map(\.partition).filter { self.isParked($0) }.sorted()
    }

    /// Whether a journal partition of ours waits until a record is healed.
    package func isParked(_ partition: Partition) -> Bool {
        guard case .preparing? = self.partitions[.inbox(partition)] else { return false }
        return self.inspections[.inbox(partition)]?.findings.parksPartition != nil
    }

    /// Notes what a journal holds that can't be used.
    mutating func inspect(_ lease: Lease, _ findings: JournalFindings, now: MonotonicTime) {
        guard findings != JournalFindings() else {
            self.inspections[lease.subject] = nil
            return
        }
        // What is only ignored needs no look.
        let next = findings.defects.isEmpty ? nil : now + self.settings.healingInterval
        self.inspections[lease.subject] = Inspection(findings: findings, nextLook: next)
    }

    /// Lets a partition wait: nobody knows which of its rollouts a record belongs to.
    ///
    /// - Returns: Why, where it was not known yet.
    mutating func park(
        _ lease: Lease,
        _ defect: JournalDefect,
        _ findings: JournalFindings,
        now: MonotonicTime
    ) -> PortFailure? {
        let failure = PortFailure(.unreadable, defect.description)
        let isNews = self.obstacles[lease.subject] != failure
        self.obstacles[lease.subject] = failure
        // The partition itself is read again, so that no look is needed beside that.
        self.inspections[lease.subject] = Inspection(findings: findings, nextLook: nil)
        let at = now + self.settings.healingInterval
        self.partitions[lease.subject] = .preparing(lease, .waiting(.restore, at: at, failures: 0))
        return isNews ? failure : nil
    }

    /// Reads journals again whose records could not be read.
    mutating func lookAgain(now: MonotonicTime) -> [Order] {
        var orders: [Order] = []
        for (partition, inspection) in self.inspections.sorted(by: { $0.key < $1.key }) {
            guard let next = inspection.nextLook, next <= now else { continue }
            self.inspections[partition]?.nextLook = nil
            guard case .held(let lease, _)? = self.partitions[partition] else { continue }
            orders.append(.restore(lease))
        }
        return orders
    }

    /// The journal of a partition that is held was read again.
    ///
    /// Only what has been healed is of interest: what is unreadable since is met by the next restore, and memory knows it.
    mutating func lookedAgain(
        _ lease: Lease,
        _ result: Result<RestoreFacts, PortFailure>,
        now: MonotonicTime
    ) -> RestoreVerdict {
        guard let known = self.inspections[lease.subject]?.findings.defects else { return .stale }
        self.inspections[lease.subject]?.nextLook = now + self.settings.healingInterval
        guard case .success(let facts) = result else { return .stale }
        let still = Set(facts.restored.findings.defects.map(\.key))
        guard known.contains(where: { !still.contains($0.key) }) else { return .stale }
        self.renew(lease)
        return .renewing(lease)
    }
}
