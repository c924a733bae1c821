// SPDX-License-Identifier: Apache-2.0

import Machine
import Worker

/// Something that stands between the machine and its ports, and changes what goes by.
///
/// Both ways are gone on the loop's thread: orders down, answers up.
protocol PortWrapper: Sendable {
    /// Told, before `wrapped`, how to answer in a port's place.
    func equip(_ surroundings: PortSurroundings)
    /// Puts itself before the ports.
    func wrapped(_ ports: Ports) -> Ports
    /// Changes what the ports have told.
    func heard(_ inputs: [Input]) -> [Input]
}

extension PortWrapper {
    func equip(_ surroundings: PortSurroundings) {}
    func wrapped(_ ports: Ports) -> Ports { ports }
    func heard(_ inputs: [Input]) -> [Input] { inputs }
}

extension WorkerSettings {
    /// Puts a wrapper between the machine and whatever stands before its ports already.
    mutating func add(_ wrapper: any PortWrapper) {
        let (equip, decorate, overhear) = (self.equip, self.decorate, self.overhear)
        self.equip = { surroundings in
            equip(surroundings)
            wrapper.equip(surroundings)
        }
        self.decorate = { wrapper.wrapped(decorate($0)) }
        self.overhear = { wrapper.heard(overhear($0)) }
    }
}
