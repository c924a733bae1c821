// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Synchronization
import WorkbenchAPI
import Worker

/// Answers what looks for an earlier attempt's object with nothing, without asking the workbench.
///
/// What the first look after a creation reads is left alone: it is the poll that every deployment needs.
final class UnaskedLooks: Sendable {
    private static let operations: Set<String> = ["ListModels", "ListRegisteredModels", "ListModelBuilds"]

    private let deliver = Mutex<(@Sendable ([Input]) -> Void)?>(nil)

    /// Takes the way to the machine.
    func equip(_ surroundings: PortSurroundings) { self.deliver.withLock { $0 = surroundings.deliver } }

    /// Puts itself before the workbench.
    func wrapped(_ ports: Ports) -> Ports {
        var ports = ports
        ports.workbench = Workbench(ports.workbench, self)
        return ports
    }

    private func answer(_ requests: [PlannedRequest]) {
        let answers = requests.map { request in
            // A listing without its list is an empty one.
            WorkbenchAnswer(id: request.id, .response(HTTPResponse(status: 200, body: Array("{}".utf8))))
        }
        self.deliver.withLock { $0 }?([.workbench(answers)])
    }

    private final class Workbench: WorkbenchPort {
        private let inner: any WorkbenchPort
        private let looks: UnaskedLooks

        init(_ inner: any WorkbenchPort, _ looks: UnaskedLooks) {
            self.inner = inner
            self.looks = looks
        }

        func perform(_ order: WorkbenchOrder) {
            guard case .start(let requests) = order else { return self.inner.perform(order) }
            let looks = requests.filter { UnaskedLooks.operations.contains($0.send.operation.id) }
            guard !looks.isEmpty else { return self.inner.perform(order) }
            self.inner.perform(.start(requests.filter { !UnaskedLooks.operations.contains($0.send.operation.id) }))
            self.looks.answer(looks)
        }
    }
}
