// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Synchronization
import WorkbenchAPI

/// A workbench in which looks find nothing, and in which every failed call says that it was not applied.
///
/// Models are excepted: the workbench itself refuses a second one of a name, and later runs need the first.
final class NoAdoption: PortWrapper {
    private enum Kind: Sendable {
        case look, write
    }

    private static let looks: Set<String> = ["ListRegisteredModels", "ListModelBuilds", "ListModelDeployments"]

    private let underWay = Mutex<[RequestID: Kind]>([:])

    func wrapped(_ ports: Ports) -> Ports {
        var ports = ports
        ports.workbench = Workbench(ports.workbench, self)
        return ports
    }

    func heard(_ inputs: [Input]) -> [Input] {
        inputs.map { input in
            guard case .workbench(let answers) = input else { return input }
            return .workbench(answers.map(self.changed))
        }
    }

    private func note(_ requests: [PlannedRequest]) {
        self.underWay.withLock { underWay in
            for request in requests {
                let operation = request.send.operation
                if Self.looks.contains(operation.id) {
                    underWay[request.id] = .look
                } else if operation.effect == .write {
                    underWay[request.id] = .write
                }
            }
        }
    }

    private func changed(_ answer: WorkbenchAnswer) -> WorkbenchAnswer {
        guard let kind = self.underWay.withLock({ $0.removeValue(forKey: answer.id) }) else { return answer }
        var answer = answer
        switch (kind, answer.outcome) {
        case (.look, .response(var response)) where response.status == 200:
            // A listing without its list is an empty one.
            response.body = Array("{}".utf8)
            answer.outcome = .response(response)
        case (.write, .response(let response)) where response.status >= 500:
            let message = "answered \(response.status), which is taken for not applied"
            answer.outcome = .failure(HTTPFailure(kind: .connect, mayHaveBeenSent: false, message: message))
        case (.write, .failure(var failure)):
            failure.mayHaveBeenSent = false
            answer.outcome = .failure(failure)
        case (.look, _), (.write, _): break
        }
        return answer
    }

    private final class Workbench: WorkbenchPort {
        private let inner: any WorkbenchPort
        private let wrapper: NoAdoption

        init(_ inner: any WorkbenchPort, _ wrapper: NoAdoption) {
            self.inner = inner
            self.wrapper = wrapper
        }

        func perform(_ order: WorkbenchOrder) {
            if case .start(let requests) = order { self.wrapper.note(requests) }
            self.inner.perform(order)
        }
    }
}
