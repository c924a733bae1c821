// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Machine
import Values
import WorkbenchAPI
import WorkbenchSandbox

/// The workbench's port over the sandbox in process, one HTTP request wide.
final class SimulatedWorkbench: WorkbenchPort {
    /// A request on its way.
    private struct Flight {
        let planned: PlannedRequest
        /// When it was handed to its connection.
        var startedAt: MonotonicTime?
        /// When its last byte has left the process.
        var leavesAt: MonotonicTime?
        /// Its process stood still between the last check and the wire.
        var isZombie = false
        var outcome: WorkbenchAnswer.Outcome?
    }

    let context: ClientContext
    let gateway: Gateway
    private var flights: [Int: Flight] = [:]
    private(set) var requestCount = 0
    /// A sabotage: looks for what was made find nothing.
    var findsNothing = false

    init(context: ClientContext, gateway: Gateway) {
        self.context = context
        self.gateway = gateway
    }

    private var now: MonotonicTime { self.context.clockwork.now }

    func perform(_ order: WorkbenchOrder) {
        switch order {
        case .start(let requests):
            for planned in requests {
                let number = Int(planned.id.number)
                self.flights[number] = Flight(planned: planned)
                let latency = self.context.latency(10...1_500, "start", number)
                self.context.clockwork.schedule(
                    .handOver(process: self.context.process, request: number),
                    after: latency
                )
            }
        case .cancelUnstarted(let ids):
            for id in ids {
                guard let flight = self.flights[Int(id.number)], flight.startedAt == nil else { continue }
                self.withhold(Int(id.number), "it was taken back")
            }
        case .reloadKey: break
        }
    }

    private func withhold(_ number: Int, _ reason: String) {
        self.flights[number] = nil
        let failure = HTTPFailure(kind: .notStarted, mayHaveBeenSent: false, message: reason)
        self.deliver(number, .failure(failure))
    }

    private func deliver(_ number: Int, _ outcome: WorkbenchAnswer.Outcome) {
        self.context.mailbox.deliver(.workbench([WorkbenchAnswer(id: RequestID(number: UInt64(number)), outcome)]))
    }

    /// Whether a changing call waits to be handed over.
    func isWaitingWrite(_ number: Int) -> Bool {
        guard let flight = self.flights[number] else { return false }
        return flight.startedAt == nil && flight.planned.send.operation.effect == .write
    }

    /// A request is handed to its connection, if its time has not passed.
    func handOver(_ number: Int) {
        guard let flight = self.flights[number], flight.startedAt == nil else { return }
        if let limit = flight.planned.startBefore, limit <= self.now {
            self.withhold(number, "it is too late")
            return
        }
        self.requestCount += 1
        self.flights[number]?.startedAt = self.now
        let onWire = self.context.latency(5...60, "wire", number)
        self.flights[number]?.leavesAt = self.now + onWire
        if let failure = self.gateway.refusesConnection(self.now) {
            self.flights[number]?.outcome = .failure(failure)
            self.answer(number, after: self.context.latency(200...2_000, "refused", number))
            return
        }
        let latency = self.context.latency(300...20_000, "request", number)
        self.context.clockwork.schedule(
            .arrives(process: self.context.process, request: number),
            after: onWire + latency
        )
    }

    private func answer(_ number: Int, after span: Span) {
        self.context.clockwork.schedule(.answered(process: self.context.process, request: number), after: span)
    }

    /// When the request's last byte has left the process; `nil` for one that is not on its way.
    func leavesAt(_ number: Int) -> MonotonicTime? { self.flights[number]?.leavesAt }

    /// The process stands still before the request has left it.
    func holdBack(_ number: Int) { self.flights[number]?.isZombie = true }

    /// A request arrives at the workbench.
    func arrives(_ number: Int) {
        guard let flight = self.flights[number], let startedAt = flight.startedAt else { return }
        let delivery = self.gateway.receive(
            flight.planned,
            by: self.context.process,
            isZombie: flight.isZombie
        )
        let timeout = Span(flight.planned.send.request.timeout)
        let latency = self.context.latency(300...20_000, "response", number)
        let took = Span(delivery.delay) + latency
        let left = startedAt + timeout - self.now
        guard took < left else {
            self.flights[number]?.outcome = .failure(
                HTTPFailure(
                    kind: .timeout,
                    mayHaveBeenSent: true,
                    message: "no answer within \(flight.planned.send.request.timeout)"
                )
            )
            self.answer(number, after: max(left, .zero))
            return
        }
        switch delivery.extent {
        case .whole:
            let headers = delivery.headers + [("Date", self.gateway.date)]
            var response = HTTPResponse(status: delivery.status, headers: headers, body: delivery.body)
            if self.findsNothing, flight.planned.send.operation.isLook, delivery.status == 200 {
                response.body = Array("{}".utf8)
            }
            self.flights[number]?.outcome = .response(response)
        case .cut:
            let failure = HTTPFailure(kind: .cut, mayHaveBeenSent: true, message: "the connection was closed")
            self.flights[number]?.outcome = .failure(failure)
        }
        self.answer(number, after: took)
    }

    /// A request's answer is read.
    func answered(_ number: Int) {
        guard let flight = self.flights.removeValue(forKey: number), let outcome = flight.outcome else { return }
        self.deliver(number, outcome)
    }
}

extension APIOperation {
    /// Whether it lists what may have been made.
    fileprivate var isLook: Bool {
        ["ListModelBuilds", "ListModelDeployments", "ListRegisteredModels"].contains(self.id)
    }
}
