// SPDX-License-Identifier: Apache-2.0

import CommandTable
import JSON
import Kafka
import Values

/// The work of `slipway group leave`.
struct GroupLeave: Sendable {
    let access: KafkaAccess
    /// The inbox: librdkafka joins no group without a topic that it sees.
    let topic: String
    let groupID: String
    let name: String
    let applies: Bool
    let isJSON: Bool
    let output: Output

    /// The longest wait for the group: a rebalance that is under way takes as long as its slowest member.
    private static let limit = Duration.seconds(60)

    /// Leaves the group in the member's name, or says what it holds.
    ///
    /// - Returns: Success once the group does not know the member any more.
    func run() async throws -> ExitStatus {
        let admin = try Admin(properties: try self.access.properties())
        do {
            let status = try await self.run(admin)
            await admin.close()
            return status
        } catch {
            await admin.close()
            throw error
        }
    }

    private func run(_ admin: Admin) async throws -> ExitStatus {
        guard let member = try await self.member(admin) else {
            let names = try await admin.group(self.groupID).members.compactMap(\.groupInstanceID).sorted()
            let known = names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"
            self.output.writeErrorLine(
                "slipway group leave: group '\(self.groupID)' has no static member '\(self.name)'; \(known)"
            )
            return .failure
        }
        guard self.applies else {
            try self.report(member)
            self.output.writeErrorLine("Nothing was changed; stop that worker, and add --apply.")
            return .success
        }
        let deadline = ContinuousClock.now + Self.limit
        let consumer = try self.join(as: member)
        do {
            try await self.leave(consumer, by: deadline)
            await consumer.close()
        } catch {
            await consumer.close()
            throw error
        }
        while try await self.member(admin) != nil {
            guard ContinuousClock.now < deadline else { return self.isLate() }
            // A coordinator tells nobody but the members.
            try await Task.sleep(for: .milliseconds(200))
        }
        try self.report(member)
        return .success
    }

    private func member(_ admin: Admin) async throws(KafkaError) -> ConsumerGroup.Member? {
        try await admin.group(self.groupID).members.first { $0.groupInstanceID == self.name }
    }

    /// A client by the member's name, to which the group gives the member's place.
    private func join(as member: ConsumerGroup.Member) throws -> Consumer {
        var settings = ConsumerSettings(groupID: self.groupID)
        settings.groupInstanceID = self.name
        settings.sessionTimeout = .seconds(45)
        return try Consumer(properties: try self.access.properties(), settings: settings)
    }

    /// Takes the member's place, and gives it up.
    ///
    /// What is held is never read. Only who is in the group can leave it, and librdkafka leaves for a static member
    /// where it unsubscribes, not where it closes.
    private func leave(_ consumer: Consumer, by deadline: ContinuousClock.Instant) async throws {
        try await consumer.subscribe([self.topic])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var isIn = false
                while let event = await consumer.next() {
                    switch event {
                    case .assigned, .membershipChanged:
                        guard !isIn else { continue }
                        isIn = true
                        try await consumer.unsubscribe()
                    case .revoked(_, let revocation):
                        consumer.letGo(revocation)
                        // All of it, once: what is told after that nobody waits for.
                        if isIn { return }
                    // Of what the member holds nothing is read, so that no right to it is needed.
                    case .error(let error) where error.isFatal || (error.isAuthorization && !isIn): throw error
                    case .records, .lost, .offsetOutOfRange, .error: continue
                    }
                    if isIn, consumer.assignment.isEmpty { return }
                }
            }
            group.addTask { try await Task.sleep(until: deadline) }
            try await group.next()
            group.cancelAll()
        }
    }

    private func isLate() -> ExitStatus {
        self.output.writeErrorLine(
            "slipway group leave: member '\(self.name)' is still in group '\(self.groupID)' after "
                + "\(Self.limit / .seconds(1)) s; is a worker running by that name? Stop it, and try again."
        )
        return .failure
    }

    private func report(_ member: ConsumerGroup.Member) throws(OutputClosed) {
        let partitions = member.assignment.map(\.description).sorted()
        guard self.isJSON else {
            let verb = self.applies ? "has left; it held" : "holds"
            try self.output.writeLine(
                "member '\(self.name)' (\(member.clientID) at \(member.host)) of group '\(self.groupID)' \(verb) "
                    + "\(partitions.count) partitions"
                    + (partitions.isEmpty ? "" : ": " + partitions.joined(separator: ", "))
            )
            return
        }
        let line = JSONWriter.object { writer in
            writer.field("group", self.groupID)
            writer.field("member", self.name)
            writer.field("clientId", member.clientID)
            writer.field("host", member.host)
            writer.array("partitions") { writer in
                for partition in partitions { writer.string(partition) }
            }
            writer.field("isApplied", self.applies)
        }
        try self.output.writeLine(String(decoding: line, as: UTF8.self))
    }
}
