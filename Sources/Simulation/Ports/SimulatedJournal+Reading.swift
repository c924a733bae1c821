// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Values

/// Reading journal partitions.
extension SimulatedJournal {
    func begin(_ reading: Reading) {
        self.readingCount += 1
        self.readings[self.readingCount] = reading
        self.goOn(self.readingCount, 1_000...10_000)
    }

    private func goOn(_ number: Int, _ microseconds: ClosedRange<Int64>) {
        let latency = self.context.latency(microseconds, "restore", number)
        self.context.clockwork.schedule(.restoring(process: self.context.process, order: number), after: latency)
    }

    /// A reading of a journal partition goes on: the end it has to reach, then what stands there.
    func goOn(_ number: Int) {
        guard let reading = self.readings[number] else { return }
        let (partition, target): (Int, Int64?) =
            switch reading {
            case .restore(let lease, let target): (Int(lease.partition.rawValue), target)
            case .topicStarts(let target): (0, target)
            }
        let log = LogID(topic: self.context.topics.journal, partition: partition)
        guard self.kafka.hasLeader(log, now: self.now) else {
            self.readings[number] = nil
            self.fail(reading, PortFailure(.outage, "query offsets: NOT_LEADER_FOR_PARTITION"))
            return
        }
        guard let target else {
            // Rule 4: as a reader sees it to whom open transactions are visible.
            self.readings[number] = reading.until(
                self.habits.readsToTheEnd ? self.kafka[log].high : self.kafka[log].lastStable
            )
            self.goOn(number, 1_000...20_000)
            return
        }
        guard self.kafka[log].lastStable >= target else {
            if case .restore(let lease, _) = reading, self.toldHeldBack.insert(number).inserted {
                self.deliver(.heldBack(lease, Offset(rawValue: self.kafka[log].lastStable)))
            }
            self.goOn(number, 50_000...100_000)
            return
        }
        let snapshot = self.snapshot(of: log, to: target)
        switch reading {
        case .restore(let lease, _): self.restored(number, lease, snapshot)
        case .topicStarts:
            self.readings[number] = nil
            self.deliver(.topicStarts(.success(snapshot.start?.topics ?? [:])))
        }
    }

    private func fail(_ reading: Reading, _ failure: PortFailure) {
        switch reading {
        case .restore(let lease, _): self.deliver(.restored(lease, .failure(failure)))
        case .topicStarts: self.deliver(.topicStarts(.failure(failure)))
        }
    }

    private func restored(_ number: Int, _ lease: Lease, _ snapshot: JournalSnapshot) {
        let location: Location
        do throws(BrokerRefusal) {
            location = try self.group.location(lease.subject, nil)
        } catch {
            guard error == .unstableOffset else {
                self.readings[number] = nil
                self.deliver(.restored(lease, .failure(PortFailure(.outage, "query offsets: \(error)"))))
                return
            }
            self.goOn(number, 40_000...120_000)
            return
        }
        self.readings[number] = nil
        self.restoreCount += 1
        let (count, start, commands) = (snapshot.recordCount, snapshot.start, snapshot.commands)
        let done = snapshot.doneCommands
        let restored = snapshot.restored()
        let facts = RestoreFacts(
            restored: restored,
            start: start,
            commands: commands,
            doneCommands: done,
            recordCount: count,
            location: location
        )
        self.deliver(.restored(lease, .success(facts)))
    }

    /// All but the start record is forgotten: without it the machine would refuse the journal.
    private func forgetful(_ log: LogID, to end: Int64) -> JournalSnapshot {
        var snapshot = JournalSnapshot(now: self.context.wall)
        _ = self.kafka.read(log, from: self.kafka[log].low, to: end, limit: .max) { _, record in
            if record.key == Array(StartRecord.key.utf8) { Self.add(record, to: &snapshot) }
        }
        return snapshot
    }

    private func snapshot(of log: LogID, to end: Int64) -> JournalSnapshot {
        var snapshot = JournalSnapshot(now: self.context.wall)
        guard self.habits.restores else { return self.forgetful(log, to: end) }
        _ = self.kafka.read(log, from: self.kafka[log].low, to: end, limit: .max) { _, record in
            Self.add(record, to: &snapshot)
        }
        return snapshot
    }

    private static func add(_ record: PartitionLog.Record, to snapshot: inout JournalSnapshot) {
        var headers = JournalHeaders()
        for header in record.headers {
            var name = header.name
            name.withUTF8 { name in
                guard let value = header.value else {
                    headers.take(UnsafeRawBufferPointer(name), nil)
                    return
                }
                value.withUnsafeBytes { headers.take(UnsafeRawBufferPointer(name), $0) }
            }
        }
        (record.key ?? []).withUnsafeBytes { key in
            snapshot.add(key: key, time: record.timestamp, headers: headers, value: { record.value })
        }
    }
}

extension SimulatedJournal.Reading {
    fileprivate func until(_ target: Int64) -> SimulatedJournal.Reading {
        switch self {
        case .restore(let lease, _): .restore(lease, target: target)
        case .topicStarts: .topicStarts(target: target)
        }
    }
}
