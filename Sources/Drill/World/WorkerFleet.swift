// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import JSON
import Processes
import Values

/// The workers of a drill: starts them, injects faults and stops them, and notes what was done to whom and when.
actor WorkerFleet {
    /// One worker from its start to its end.
    private struct Life {
        let slot: Int
        let child: ChildProcess
        let log: String
        /// Its end is our doing.
        var isEndExpected = false
        /// It stands still, and is going to be thawed.
        var freeze: Freeze?
        /// Its operations endpoint, once it has said so.
        var url: String?
    }

    /// Who has frozen a worker.
    private enum Freeze {
        case drill
        /// Itself, as test workers do.
        case itself(since: Timestamp)
    }

    private let settings: DrillSettings
    private let environment: [String: String]
    private let folder: String
    private let report: @Sendable (String) -> Void
    private var lives: [Life] = []
    /// The newest life of each slot that has to be filled.
    private var current: [Int: Int] = [:]
    private var injectedFaults: [InjectedFault] = []
    private var nextSlot = 0
    /// Workers that ended by themselves.
    private(set) var unexpectedEnds: [String] = []

    init(
        settings: DrillSettings,
        environment: [String: String],
        folder: String,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.environment = environment
        self.folder = folder
        self.report = report
    }

    // MARK: Starting and stopping

    /// Starts so many workers.
    func start(_ count: Int) throws {
        for _ in 0..<count { try self.start(slot: self.takeSlot()) }
    }

    private func takeSlot() -> Int {
        defer { self.nextSlot += 1 }
        return self.nextSlot
    }

    private func start(slot: Int) throws {
        let log = "\(self.folder)/worker-\(slot)-\(self.lives.count).log"
        var environment = self.environment
        if self.lives.isEmpty { environment.merge(self.settings.firstEnvironment) { $1 } }
        let child = try ChildProcess(self.settings.workerPath, ["run"], environment: environment, output: .file(log))
        self.current[slot] = self.lives.count
        self.lives.append(Life(slot: slot, child: child, log: log))
    }

    /// Asks a worker to stop, and waits until it has.
    private func stop(slot: Int) async {
        guard let life = self.current.removeValue(forKey: slot) else { return }
        self.lives[life].isEndExpected = true
        self.thaw(life)
        let child = self.lives[life].child
        child.signal(SIGTERM)
        guard await child.wait(until: .now + .seconds(20)) == nil else { return }
        self.report("worker \(slot) did not stop within 20 s of SIGTERM: killed")
        self.unexpectedEnds.append("worker \(slot) did not stop within 20 s of SIGTERM")
        child.signal(SIGKILL)
        _ = await child.wait(until: .now + .seconds(5))
    }

    /// Stops all workers in order; they get 20 s.
    func stop() async {
        await withDiscardingTaskGroup { group in
            for slot in self.current.keys { group.addTask { await self.stop(slot: slot) } }
        }
    }

    /// Ends all workers at once.
    func kill() async {
        self.current = [:]
        for index in self.lives.indices {
            self.lives[index].isEndExpected = true
            self.lives[index].child.signal(SIGKILL)
        }
        for life in self.lives { _ = await life.child.wait(until: .now + .seconds(5)) }
    }

    /// Forgets the ends of workers that came before the drill began.
    func forgetEnds() {
        self.unexpectedEnds = []
        self.injectedFaults = []
    }

    /// Starts again what has ended by itself, and thaws what has stopped itself, as test workers do.
    ///
    /// - Throws: `ChildProcess.StartFailure` if a worker can't be started.
    func tend() throws {
        for (slot, index) in self.current.sorted(by: { $0.key < $1.key }) {
            let life = self.lives[index]
            if let end = life.child.end, !life.isEndExpected {
                self.lives[index].isEndExpected = true
                if case .killed(SIGKILL) = end {
                    self.note(.kill, index)
                } else {
                    self.unexpectedEnds.append("worker \(slot) ended by itself: \(end)")
                }
                self.report("worker \(slot) has ended (\(end)), starting it again")
                try self.start(slot: slot)
            } else if case .itself(let since) = life.freeze {
                // Long enough that others have taken its partitions over.
                let length = self.settings.times.session + .seconds(8)
                if Timestamp.now().duration(since: since) > length { self.thaw(index) }
            } else if life.freeze == nil, life.child.isStopped {
                self.report("worker \(slot) has stopped itself")
                self.lives[index].freeze = .itself(since: Timestamp.now())
                self.note(.freeze, index, isOver: false)
            }
        }
    }

    // MARK: Injecting faults

    /// Carries out an incident that concerns workers.
    func carryOut(_ incident: DrillPlan.Incident) async throws {
        switch incident.kind {
        case .kill(let restartAfter):
            guard let (slot, life) = await self.victim(incident.worker, "kill") else { return }
            self.current[slot] = nil
            self.lives[life].isEndExpected = true
            self.note(.kill, life)
            self.report("kill worker \(slot)")
            self.lives[life].child.signal(SIGKILL)
            try await Task.sleep(for: restartAfter)
            try self.start(slot: slot)
        case .freeze(let length):
            guard let (slot, life) = await self.victim(incident.worker, "freeze") else { return }
            self.lives[life].freeze = .drill
            self.note(.freeze, life, isOver: false)
            self.report("freeze worker \(slot) for \(length.tenths) s")
            self.lives[life].child.signal(SIGSTOP)
            defer { self.thaw(life) }
            try await Task.sleep(for: length)
        case .add(let length):
            let slot = self.takeSlot()
            self.report("add worker \(slot) for \(length.tenths) s")
            try self.start(slot: slot)
            self.noteChange(.added, slot)
            try await Task.sleep(for: length)
            await self.stop(slot: slot)
            self.noteChange(.removed, slot)
        case .remove(let length):
            guard let (slot, _) = await self.victim(incident.worker, "remove") else { return }
            self.report("remove worker \(slot) for \(length.tenths) s")
            self.noteChange(.removed, slot)
            await self.stop(slot: slot)
            try await Task.sleep(for: length)
            try self.start(slot: slot)
            self.noteChange(.added, slot)
        case .broker, .grow, .stray: preconditionFailure("brokers and topics are not the fleet's")
        }
    }

    /// Picks a worker that no fault has hit yet, the named one or the next; waits for one for a while.
    private func victim(_ number: Int, _ verb: String) async -> (slot: Int, life: Int)? {
        for _ in 0..<20 {
            let able = self.current.filter { _, life in
                self.lives[life].freeze == nil && !self.lives[life].isEndExpected && self.lives[life].child.end == nil
            }
            let slots = able.keys.sorted()
            if !slots.isEmpty, slots.count > 1 || self.settings.workers == 1 {
                let slot = slots[number % slots.count]
                return able[slot].map { (slot, $0) }
            }
            do { try await Task.sleep(for: .milliseconds(500)) } catch { return nil }
        }
        self.report("no worker to \(verb): faults have hit the others already")
        return nil
    }

    private func thaw(_ life: Int) {
        guard self.lives[life].freeze != nil else { return }
        self.lives[life].freeze = nil
        let name = self.name(life)
        // Before the signal: what the worker sends at once must not seem older than its thawing.
        let thawedAt = Timestamp.now()
        self.lives[life].child.signal(SIGCONT)
        guard let index = self.injectedFaults.lastIndex(where: { $0.worker == name && $0.until == nil }) else { return }
        self.injectedFaults[index].until = thawedAt
        self.report("thaw worker \(self.lives[life].slot)")
    }

    // MARK: Noting

    /// What a life is called until its process's name is looked up in its log.
    private func name(_ life: Int) -> String { "life \(life)" }

    private func note(_ kind: InjectedFault.Kind, _ life: Int, isOver: Bool = true) {
        let now = Timestamp.now()
        self.injectedFaults.append(
            InjectedFault(kind: kind, worker: self.name(life), from: now, until: isOver ? now : nil)
        )
    }

    private func noteChange(_ kind: InjectedFault.Kind, _ slot: Int) {
        let now = Timestamp.now()
        self.injectedFaults.append(InjectedFault(kind: kind, worker: "slot \(slot)", from: now, until: now))
    }

    /// All that was done, with the names under which workers write their journal.
    func history() throws(DrillFailure) -> [InjectedFault] {
        var names: [String: String] = [:]
        for (index, life) in self.lives.enumerated() {
            names[self.name(index)] = try self.field("process", in: life.log)
        }
        return self.injectedFaults.map { fault in
            var fault = fault
            fault.worker = names[fault.worker] ?? fault.worker
            return fault
        }
    }

    // MARK: Looking

    /// Operations endpoints of the workers that have to be there, by slot; `nil` for one that has not said it yet.
    func endpoints() throws(DrillFailure) -> [Int: String?] {
        var endpoints: [Int: String?] = [:]
        for (slot, index) in self.current {
            if self.lives[index].url == nil {
                self.lives[index].url = try self.field("url", in: self.lives[index].log)
            }
            endpoints[slot] = .some(self.lives[index].url)
        }
        return endpoints
    }

    /// The first value of a field in a worker's log; `nil` if it is not there yet.
    private func field(_ name: String, in log: String) throws(DrillFailure) -> String? {
        let bytes: [UInt8]
        do {
            bytes = try FileReader.read(log, maximumBytes: 1 << 30)
        } catch {
            guard error.isMissing else { throw DrillFailure("worker's log: \(error)") }
            return nil
        }
        for line in bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 200) {
            // The last line may be only half written.
            guard line.starts(with: [UInt8(ascii: "{")]), let value = try? JSONValue(parsing: Array(line)) else {
                continue
            }
            if let text = value[name]?.text { return text }
        }
        return nil
    }

    /// The whole logs of all workers, by the names of their files.
    func logs() throws(FileError) -> [(name: String, text: [UInt8])] {
        var logs: [(name: String, text: [UInt8])] = []
        for life in self.lives {
            let name = String(life.log.split(separator: "/").last ?? "")
            logs.append((name, try FileReader.read(life.log, maximumBytes: 1 << 30)))
        }
        return logs
    }

    /// The end of the log of a worker that has ended by itself, for people.
    func lastWords() -> String? {
        guard let life = self.lives.last(where: { $0.child.end != nil }) else { return nil }
        guard let bytes = try? FileReader.read(life.log, maximumBytes: 1 << 30) else { return nil }
        return String(decoding: bytes.suffix(600), as: UTF8.self)
    }
}
