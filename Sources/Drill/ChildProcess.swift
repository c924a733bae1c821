// SPDX-License-Identifier: Apache-2.0

import Glibc
import Threads

/// A program that runs beside this one, in a process group of its own.
final class ChildProcess: Sendable {
    /// How it ended.
    enum End: Sendable, Equatable {
        case exited(Int32)
        case killed(Int32)
    }

    private struct State: Sendable {
        var isStopped = false
        var end: End?
        var waiting: [Completion] = []
    }

    /// Number of the process.
    let number: pid_t
    private let state = Condition(State())
    private let waiter: DedicatedThread

    /// Starts a program with empty standard input.
    ///
    /// - Parameters:
    ///   - path: The program.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: All its environment variables.
    ///   - output: File that gets standard output and standard error, at its end.
    /// - Throws: `DrillFailure` if it can't be started.
    init(_ path: String, _ arguments: [String], environment: [String: String], output: String) throws(DrillFailure) {
        self.number = try ChildProcess.spawn(path, arguments, environment, output)
        // What the thread must not hold is the object itself: it may be given up while the process still runs.
        let (number, state) = (self.number, self.state)
        self.waiter = DedicatedThread(name: "child") {
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
    var end: End? { self.state.withLock { $0.end } }

    /// Whether it stands still after SIGSTOP.
    var isStopped: Bool { self.state.withLock { $0.isStopped && $0.end == nil } }

    /// Sends it a signal; does nothing once it has ended.
    func signal(_ signal: Int32) {
        self.state.withLock { state in
            guard state.end == nil else { return }
            kill(self.number, signal)
            if signal == SIGCONT { state.isStopped = false }
        }
    }

    /// Waits for its end.
    ///
    /// - Returns: How it ended; `nil` when the deadline came first, or the task was cancelled.
    func wait(until deadline: ContinuousClock.Instant) async -> End? {
        let ended = Completion()
        let isRunning = self.state.withLock { state in
            if state.end == nil { state.waiting.append(ended) }
            return state.end == nil
        }
        if isRunning { await ended.wait(until: deadline) }
        return self.end
    }

    /// Follows the process to its end.
    private static func follow(_ number: pid_t, _ state: Condition<State>) -> End {
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

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String],
        _ output: String
    ) throws(DrillFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Ctrl-C at the terminal is for the drill, which stops its workers itself; and what it ignores they need not.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
        let words = CStrings([path] + arguments)
        let variables = CStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        var number = pid_t()
        let code = posix_spawn(&number, path, &actions, &attributes, words.pointers, variables.pointers)
        guard code == 0 else {
            throw DrillFailure("can't start \(path): \(String(cString: strerror(code)))")
        }
        return number
    }
}

/// A list of texts as C wants it, ended by null.
private final class CStrings {
    private(set) var pointers: [UnsafeMutablePointer<CChar>?]

    init(_ texts: [String]) { self.pointers = texts.map { strdup($0) } + [nil] }

    deinit { for pointer in self.pointers { free(pointer) } }
}
