// SPDX-License-Identifier: Apache-2.0

import Machine

@testable import Worker

/// Stands between a worker's machine and its ports: sees every order and every fact, and may change them or keep them back.
///
/// Called by the worker's loop alone, and by whoever lets go what was kept back.
protocol PortTap: Sendable {
    /// Takes an order to the group's port on its way.
    func pass(_ order: GroupOrder, to port: any GroupPort)
    /// Takes an order to the journal's port on its way.
    func pass(_ order: JournalOrder, to port: any JournalPort)
    /// Takes an order to the workbench's port on its way.
    func pass(_ order: WorkbenchOrder, to port: any WorkbenchPort)
    /// Takes what the ports have told on its way.
    func pass(_ facts: [Input]) -> [Input]
}

extension PortTap {
    func pass(_ order: GroupOrder, to port: any GroupPort) { port.perform(order) }
    func pass(_ order: JournalOrder, to port: any JournalPort) { port.perform(order) }
    func pass(_ order: WorkbenchOrder, to port: any WorkbenchPort) { port.perform(order) }
    func pass(_ facts: [Input]) -> [Input] { facts }
}

extension WorkerSettings {
    /// The same settings for a worker with a tap at its ports.
    func tapped(by tap: any PortTap) -> WorkerSettings {
        var settings = self
        let (decorate, overhear) = (self.decorate, self.overhear)
        settings.decorate = { ports in
            let ports = decorate(ports)
            return Ports(
                group: TappedGroup(port: ports.group, tap: tap),
                journal: TappedJournal(port: ports.journal, tap: tap),
                commands: ports.commands,
                workbench: TappedWorkbench(port: ports.workbench, tap: tap)
            )
        }
        settings.overhear = { tap.pass(overhear($0)) }
        return settings
    }
}

private final class TappedGroup: GroupPort {
    private let port: any GroupPort
    private let tap: any PortTap

    init(port: any GroupPort, tap: any PortTap) {
        self.port = port
        self.tap = tap
    }

    func perform(_ order: GroupOrder) { self.tap.pass(order, to: self.port) }
}

private final class TappedJournal: JournalPort {
    private let port: any JournalPort
    private let tap: any PortTap

    init(port: any JournalPort, tap: any PortTap) {
        self.port = port
        self.tap = tap
    }

    func perform(_ order: JournalOrder) { self.tap.pass(order, to: self.port) }
}

private final class TappedWorkbench: WorkbenchPort {
    private let port: any WorkbenchPort
    private let tap: any PortTap

    init(port: any WorkbenchPort, tap: any PortTap) {
        self.port = port
        self.tap = tap
    }

    func perform(_ order: WorkbenchOrder) { self.tap.pass(order, to: self.port) }
}
