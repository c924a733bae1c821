// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Testing

@testable import Processes

@Suite(.timeLimit(.minutes(1)))
struct ChildProcessTests {
    private func shell(_ script: String, environment: [String: String] = [:]) throws -> ChildProcess {
        try ChildProcess("/bin/sh", ["-c", script], environment: environment)
    }

    private func lines(_ process: ChildProcess) async -> [String] {
        await process.lines.reduce(into: []) { $0.append($1.text) }
    }

    @Test func bothOutputsComeAsLines() async throws {
        let process = try self.shell("echo one; echo two >&2; printf three")
        #expect(await self.lines(process) == ["one", "two", "three"])
        #expect(await process.wait(until: .now + .seconds(30)) == .exited(0))
    }

    @Test func onlyTheGivenEnvironmentIsSeen() async throws {
        let process = try self.shell("echo \"$NAME$HOME\"", environment: ["NAME": "a b"])
        #expect(await self.lines(process) == ["a b"])
    }

    @Test func theEndIsTold() async throws {
        #expect(try await self.shell("exit 7").wait(until: .now + .seconds(30)) == .exited(7))
        let killed = try self.shell("kill -9 $$")
        #expect(await killed.wait(until: .now + .seconds(30)) == .killed(9))
        #expect(killed.end == .killed(9))
    }

    @Test func aDeadlineEndsTheWaitAndNotTheProcess() async throws {
        let process = try self.shell("exec sleep 60")
        #expect(await process.wait(until: .now + .milliseconds(10)) == nil)
        #expect(process.end == nil)
        process.signal(SIGKILL)
        #expect(await process.wait(until: .now + .seconds(30)) == .killed(SIGKILL))
    }

    @Test func whoDoesNotStopIsKilled() async throws {
        let polite = try self.shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done")
        for await line in polite.lines where line.text == "ready" { break }
        await polite.stop(patience: .seconds(30))
        #expect(polite.end == .exited(3))
        let stubborn = try self.shell("trap '' TERM; echo ready; while :; do sleep 0.01; done")
        for await line in stubborn.lines where line.text == "ready" { break }
        await stubborn.stop(patience: .milliseconds(50))
        #expect(await stubborn.wait(until: .now + .seconds(30)) == .killed(SIGKILL))
    }

    @Test func aFileGetsTheOutputAtItsEnd() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "slipway-child-\(getpid()).log").path
        defer { unlink(path) }
        for word in ["one", "two"] {
            let process = try ChildProcess(
                "/bin/sh",
                ["-c", "echo \(word); echo \(word) >&2"],
                environment: [:],
                output: .file(path)
            )
            #expect(await self.lines(process) == [])
            #expect(await process.wait(until: .now + .seconds(30)) == .exited(0))
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\none\ntwo\ntwo\n")
        let failure = #expect(throws: ChildProcess.StartFailure.self) {
            try ChildProcess("/bin/true", [], environment: [:], output: .file("/nowhere/log"))
        }
        #expect(failure?.description == "can't start /bin/true: open /nowhere/log: No such file or directory")
    }

    @Test func whatStandsStillIsKnown() async throws {
        let process = try self.shell("echo ready; exec sleep 60")
        for await line in process.lines where line.text == "ready" { break }
        #expect(!process.isStopped)
        process.signal(SIGSTOP)
        while !process.isStopped { await Task.yield() }
        process.signal(SIGCONT)
        #expect(!process.isStopped)
        await process.stop(patience: .seconds(30))
        #expect(process.end == .killed(SIGTERM))
    }

    @Test func whatCannotBeStartedIsNamed() {
        let failure = #expect(throws: ChildProcess.StartFailure.self) {
            try ChildProcess("/no/such/program", [], environment: [:])
        }
        #expect(failure?.description == "can't start /no/such/program: No such file or directory")
    }

    @Test func usageIsThatOfTheProcess() async throws {
        // A process that turns into another program stands, for a moment, in next to no memory: this one stays itself.
        let idle = try self.shell("echo ready; while :; do sleep 1; done")
        for await line in idle.lines where line.text == "ready" { break }
        let usage = try #require(ProcessUsage(of: idle.number))
        #expect(usage.residentBytes > 100_000)
        #expect(usage.processorTime < .seconds(5))
        await idle.stop(patience: .seconds(30))
        #expect(ProcessUsage(of: idle.number) == nil)
    }
}
