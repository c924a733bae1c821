// SPDX-License-Identifier: Apache-2.0

import Machine
import Rollouts
import Testing
import Values

/// What `CommandsPort` promises, of the modelled and of the genuine one.
@Suite("The commands' port", .timeLimit(.minutes(2)))
struct CommandsPortTests {
    private func id(_ number: UInt64) -> CommandsReadID { CommandsReadID(number: number) }

    @Test("an order is answered by what stands there in a row, from there", arguments: Implementation.all)
    func readsFromThere(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.command(["a", "b", "c"])
            let member = try await bench.join()
            #expect(try await member.commands(3, from: 0, id: 1).map(\.head.id) == ["a", "b", "c"])
            #expect(try await member.commands(2, from: 1, id: 10).map(\.head.id) == ["b", "c"])
        }
    }

    @Test("it waits for what is not there yet, without a group's leave", arguments: Implementation.all)
    func waits(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            let member = try await bench.join()
            member.order(.read(self.id(1), from: 0, reaching: 0))
            _ = try await member.assigned(3)
            #expect(!member.heard.contains { if case .commands = $0 { true } else { false } })
            try await bench.command(["a"])
            let batch = try await member.batch(self.id(1))
            #expect(batch.entries.map(\.head.id) == ["a"])
            #expect(batch.entries.map(\.offset) == [0] && batch.next == 1)
        }
    }

    @Test("what the topic keeps no longer is told with the rest", arguments: Implementation.all)
    func tellsWhatIsGone(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.command(["a", "b", "c"])
            try await bench.deleteCommands(before: 2)
            let member = try await bench.join()
            member.order(.read(self.id(1), from: 0, reaching: 0))
            let batch = try await member.batch(self.id(1))
            #expect(batch.entries.map(\.head.id) == ["c"] && batch.oldest == 2)
            member.order(.read(self.id(2), from: 2, reaching: 2))
            #expect(try await member.batch(self.id(2)).oldest == nil)
        }
    }

    @Test("a topic that ends before what was done is not read", arguments: Implementation.all)
    func refusesAShorterTopic(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.command(["a"])
            let member = try await bench.join()
            member.order(.read(self.id(1), from: 0, reaching: 5))
            let failure = await #expect(throws: PortFailure.self) { try await member.batch(self.id(1)) }
            #expect(failure?.message.contains("made anew") == true)
        }
    }

    @Test("an order that a newer one has replaced is not answered any more", arguments: Implementation.all)
    func replaces(implementation: Implementation) async throws {
        try await implementation.bench { bench in
            try await bench.command(["a"])
            let member = try await bench.join()
            // Nothing stands there yet, so this one waits.
            member.order(.read(self.id(1), from: 1, reaching: 0))
            member.order(.read(self.id(2), from: 0, reaching: 0))
            #expect(try await member.batch(self.id(2)).entries.map(\.head.id) == ["a"])
            try await bench.command(["b"])
            member.order(.read(self.id(3), from: 1, reaching: 0))
            #expect(try await member.batch(self.id(3)).entries.map(\.head.id) == ["b"])
            #expect(!member.heard.contains { if case .commands(self.id(1), _) = $0 { true } else { false } })
        }
    }
}

extension Member {
    /// Waits for the answer to an order.
    fileprivate func batch(_ id: CommandsReadID) async throws -> CommandBatch {
        try await self.first { input in
            if case .commands(id, let result) = input { result } else { nil }
        }.get()
    }

    /// Reads so many commands, in as many batches as it takes.
    fileprivate func commands(_ count: Int, from offset: Offset, id first: UInt64) async throws -> [CommandEntry] {
        var (entries, next, number) = ([CommandEntry](), offset, first)
        while entries.count < count {
            self.order(.read(CommandsReadID(number: number), from: next, reaching: 0))
            let batch = try await self.batch(CommandsReadID(number: number))
            entries += batch.entries
            next = batch.next
            number += 1
        }
        return entries
    }
}
