// SPDX-License-Identifier: Apache-2.0

import Glibc
import Machine
import Rollouts
import Simulation

/// Writes down what goes between the machine and its ports, line by line as it happens: a killed process's trace is whole.
final class TracedPorts: PortWrapper {
    private let process = String(getpid())
    private let file: Int32

    /// Begins a file of this process's own.
    ///
    /// - Parameter folder: Where it goes.
    /// - Throws: `DrillHooks.Mistake` where it can't be made.
    init(folder: String) throws(DrillHooks.Mistake) {
        let path = "\(folder)/\(self.process).trace"
        self.file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard self.file >= 0 else { throw DrillHooks.Mistake(description: "DRILL_TRACE: \(path) can't be written") }
    }

    func wrapped(_ ports: Ports) -> Ports {
        Ports(
            group: Group(ports.group, self),
            journal: Journal(ports.journal, self),
            commands: ports.commands,
            workbench: Workbench(ports.workbench, self)
        )
    }

    func heard(_ inputs: [Input]) -> [Input] {
        for input in inputs { self.note(PortTrace.Event(input)) }
        return inputs
    }

    private func note(_ event: PortTrace.Event?) {
        guard let event else { return }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let line = PortTrace.Line(
            process: self.process,
            at: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000,
            event: event
        )
        do {
            let bytes = try line.json() + [UInt8(ascii: "\n")]
            let count = write(self.file, bytes, bytes.count)
            precondition(count == bytes.count, "the trace can't be written: errno \(errno)")
        } catch {
            preconditionFailure("the trace can't be written: \(error)")
        }
    }

    private final class Group: GroupPort {
        private let inner: any GroupPort
        private let wrapper: TracedPorts

        init(_ inner: any GroupPort, _ wrapper: TracedPorts) {
            self.inner = inner
            self.wrapper = wrapper
        }

        func perform(_ order: GroupOrder) {
            self.wrapper.note(PortTrace.Event(Action.group(order)))
            self.inner.perform(order)
        }
    }

    private final class Journal: JournalPort {
        private let inner: any JournalPort
        private let wrapper: TracedPorts

        init(_ inner: any JournalPort, _ wrapper: TracedPorts) {
            self.inner = inner
            self.wrapper = wrapper
        }

        func perform(_ order: JournalOrder) {
            self.wrapper.note(PortTrace.Event(Action.journal(order)))
            self.inner.perform(order)
        }
    }

    private final class Workbench: WorkbenchPort {
        private let inner: any WorkbenchPort
        private let wrapper: TracedPorts

        init(_ inner: any WorkbenchPort, _ wrapper: TracedPorts) {
            self.inner = inner
            self.wrapper = wrapper
        }

        func perform(_ order: WorkbenchOrder) {
            self.wrapper.note(PortTrace.Event(Action.workbench(order)))
            self.inner.perform(order)
        }
    }
}
