// SPDX-License-Identifier: Apache-2.0

import Glibc
import Worker

/// What the environment asks of a test's worker.
///
/// `DRILL_ABLATE`: guarantees to take away, with commas between them: `journal`, `adoption`, `fence`.
/// `DRILL_STOP`: `BOUNDARY:N:freeze`, `:kill` or `:hold`: what the process does to itself at the n-th time that it reaches
/// that boundary, such as `beforeCall:1:freeze`. Whoever started it sees it stop, and thaws it by SIGCONT. With `hold` what
/// is at the boundary goes no further, ever: the process is stuck.
/// `DRILL_TRACE`: a folder, into which a trace of the genuine ports is written: `PID.trace`.
struct DrillHooks: Sendable {
    /// Why the environment can't be followed.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    private let ablations: [Ablation]
    private let stop: BoundaryStop?
    private let traceFolder: String?

    /// Reads the environment.
    static func read() throws(Mistake) -> DrillHooks {
        var ablations: [Ablation] = []
        for word in self.variable("DRILL_ABLATE").split(separator: ",") {
            guard let ablation = Ablation(rawValue: String(word)) else {
                throw Mistake(description: "DRILL_ABLATE: journal, adoption or fence is expected, not '\(word)'")
            }
            ablations.append(ablation)
        }
        let folder = self.variable("DRILL_TRACE")
        return DrillHooks(
            ablations: ablations,
            stop: try self.stop(self.variable("DRILL_STOP")),
            traceFolder: folder.isEmpty ? nil : folder
        )
    }

    private static func stop(_ text: String) throws(Mistake) -> BoundaryStop? {
        guard !text.isEmpty else { return nil }
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 3, let boundary = Boundary(rawValue: parts[0]), let number = Int(parts[1]), number > 0,
            let verb = BoundaryStop.Verb(rawValue: parts[2])
        else { throw Mistake(description: "DRILL_STOP: BOUNDARY:N:freeze, :kill or :hold is expected") }
        return BoundaryStop(boundary: boundary, number: number, verb: verb)
    }

    private static func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }

    /// Puts what is asked for between the worker and its ports.
    ///
    /// - Parameters:
    ///   - settings: Of the worker.
    ///   - desk: Writes what a worker without the fence writes.
    /// - Throws: `Mistake` where the trace can't be written.
    func apply(to settings: inout WorkerSettings, _ desk: UnfencedDesk) throws(Mistake) {
        // Nearest to the ports: what stands before it is not the ports' doing.
        if let folder = self.traceFolder { settings.add(try TracedPorts(folder: folder)) }
        for ablation in self.ablations {
            switch ablation {
            case .journal: settings.add(Amnesia())
            case .adoption: settings.add(NoAdoption())
            case .fence: settings.add(Unfenced(settings.kafka, desk))
            }
        }
        if let stop = self.stop { settings.add(StoppingPorts(stop)) }
    }
}

/// A guarantee that can be taken away, so that a test can show that its absence is noticed.
private enum Ablation: String, Sendable {
    /// Whoever takes a partition over restores nothing of its journal.
    case journal
    /// A creating step finds nothing that an earlier attempt made, and every failed call counts as not applied.
    case adoption
    /// Transactions that take no event are checked by no broker.
    case fence
}
