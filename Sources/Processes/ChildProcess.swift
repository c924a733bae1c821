// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Threads

/// A program that runs beside this one, in a process group of its own.
///
/// Ctrl-C at the terminal is for this process, which ends its children itself, in order.
package final class ChildProcess: Sendable {
    /// Why a program can't be started.
    package struct StartFailure: Error, Sendable, Equatable, CustomStringConvertible {
        /// Names the program and the reason.
        package let description: String

        fileprivate init(_ program: String, _ code: Int32) {
            self.description = "can't start \(program): \(String(cString: strerror(code)))"
        }
    }

    /// How it ended.
    package enum End: Sendable, Equatable {
        /// By itself, with this status.
        case exited(Int32)
        /// By this signal.
        case killed(Int32)
    }

    /// A line that it wrote to standard output or standard error.
    package struct Line: Sendable {
        /// The line without its end; what is not UTF-8 is replaced.
        package let text: String
        /// When it was read.
        package let at: ContinuousClock.Instant
    }

    /// What becomes of its standard output and standard error.
    package enum Output: Sendable, Equatable {
        /// They come as lines.
        case lines
        /// They are added to the end of a file.
        case file(String)
    }

    private struct State: Sendable {
        var isStopped = false
        var end: End?
        var waiting: [OneShotEvent] = []
    }

    /// Number of the process.
    package let number: Int32
    /// When it was started.
    package let startedAt: ContinuousClock.Instant
    /// Its lines as they come, for one reader; ends when it has closed its output, at once where a file has them.
    ///
    /// A reader that stays behind loses the oldest lines beyond 10,000.
    package let lines: AsyncStream<Line>
    private let state = Locked(State())

    /// Starts a program with empty standard input.
    ///
    /// - Parameters:
    ///   - path: The program.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: All its environment variables.
    ///   - output: What becomes of its output.
    /// - Throws: `StartFailure`.
    package init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String],
        output: Output = .lines
    ) throws(StartFailure) {
        self.startedAt = .now
        let started = try ChildProcess.starting.withLock { (_) throws(StartFailure) in
            try ChildProcess.start(path, arguments, environment, output)
        }
        self.number = started.number
        let (lines, continuation) = AsyncStream.makeStream(of: Line.self, bufferingPolicy: .bufferingNewest(10_000))
        self.lines = lines
        if let reading = started.output {
            _ = DedicatedThread(name: "child-output") {
                ChildProcess.read(reading) { continuation.yield(Line(text: $0, at: .now)) }
                close(reading)
                continuation.finish()
            }
        } else {
            continuation.finish()
        }
        // What the thread must not hold is the object itself: it may be given up while the process still runs.
        let (number, state) = (self.number, self.state)
        _ = DedicatedThread(name: "child") {
            let end = ChildProcess.follow(number, state)
            let waiting = state.withLock { state in
                state.end = end
                defer { state.waiting = [] }
                return state.waiting
            }
            for waiting in waiting { waiting.complete() }
        }
    }

    /// How it ended; `nil` while it runs.
    package var end: End? { self.state.withLock { $0.end } }

    /// Whether it stands still after SIGSTOP.
    package var isStopped: Bool { self.state.withLock { $0.isStopped && $0.end == nil } }

    /// Sends it a signal; does nothing once it has ended.
    package func signal(_ signal: Int32) {
        self.state.withLock { state in
            guard state.end == nil else { return }
            kill(self.number, signal)
            if signal == SIGCONT { state.isStopped = false }
        }
    }

    /// Waits for its end.
    ///
    /// - Returns: How it ended; `nil` when the deadline came first, or the task was cancelled.
    package func wait(until deadline: ContinuousClock.Instant) async -> End? {
        await self.completionOfEnd.wait(until: deadline)
        return self.end
    }

    /// Something that completes when it has ended.
    private var completionOfEnd: OneShotEvent {
        let ended = OneShotEvent()
        self.state.withLock { state in
            if state.end == nil { state.waiting.append(ended) } else { ended.complete() }
        }
        return ended
    }

    /// Asks it to end (SIGTERM), ends it (SIGKILL) when it has not within `patience`, and waits for that.
    ///
    /// Cut short by cancellation: then it is killed at once.
    package func stop(patience: Duration) async {
        self.signal(SIGTERM)
        guard await self.wait(until: .now + patience) == nil else { return }
        self.signal(SIGKILL)
        await self.completionOfEnd.wait()
    }

    /// One at a time: a program that is started between a pipe's making and its mark would keep it open.
    private static let starting = Mutex(())

    private static func start(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String],
        _ output: Output
    ) throws(StartFailure) -> (number: pid_t, output: Int32?) {
        let target: Int32
        var reading: Int32?
        switch output {
        case .lines:
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw StartFailure(path, errno) }
            (reading, target) = (ends[0], ends[1])
        case .file(let file):
            target = open(file, O_WRONLY | O_CREAT | O_APPEND, 0o644)
            guard target >= 0 else { throw StartFailure("\(path): open \(file)", errno) }
        }
        defer { close(target) }
        for end in [reading, target].compactMap(\.self) { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        do throws(StartFailure) {
            return (try ChildProcess.spawn(path, arguments, environment, output: target), reading)
        } catch {
            if let reading { close(reading) }
            throw error
        }
    }

    /// Follows the process to its end.
    private static func follow(_ number: pid_t, _ state: Locked<State>) -> End {
        var status: Int32 = 0
        while true {
            guard waitpid(number, &status, WUNTRACED | WCONTINUED) == number else {
                if errno == EINTR { continue }
                return .exited(-1)
            }
            // What <sys/wait.h> has as macros, which Swift doesn't see.
            if status == 0xFFFF {
                state.withLock { $0.isStopped = false }
            } else if status & 0xFF == 0x7F {
                state.withLock { $0.isStopped = true }
            } else {
                return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(status & 0x7F)
            }
        }
    }

    private static func read(_ descriptor: Int32, _ line: (String) -> Void) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            pending.append(contentsOf: buffer[..<count])
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                line(String(decoding: pending[..<end], as: UTF8.self))
                pending.removeSubrange(...end)
            }
        }
        if !pending.isEmpty { line(String(decoding: pending, as: UTF8.self)) }
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String],
        output: Int32
    ) throws(StartFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this process ignores they need not.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // Threads of Swift's pool block all signals, and a program would inherit that.
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = CStrings([path] + arguments)
        let variables = CStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        var number = pid_t()
        let code = posix_spawn(&number, path, &actions, &attributes, words.pointers, variables.pointers)
        guard code == 0 else { throw StartFailure(path, code) }
        return number
    }
}

/// A list of texts as C wants it, ended by null.
private final class CStrings {
    private(set) var pointers: [UnsafeMutablePointer<CChar>?]

    init(_ texts: [String]) { self.pointers = texts.map { strdup($0) } + [nil] }

    deinit { for pointer in self.pointers { free(pointer) } }
}
