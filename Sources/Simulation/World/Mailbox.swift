// SPDX-License-Identifier: Apache-2.0

import Machine
import Values

/// What has arrived for one process since its last turn; the first input brings the next turn about.
final class Mailbox {
    let process: Int
    let clockwork: Clockwork
    private(set) var inputs: [Input] = []
    private var isTurnDue = false
    private var turns = 0
    /// Faults that make commits fail, answers late and the like, counted where they took effect.
    var isClosed = false

    init(process: Int, clockwork: Clockwork) {
        self.process = process
        self.clockwork = clockwork
    }

    func deliver(_ input: Input) {
        guard !self.isClosed else { return }
        self.inputs.append(input)
        self.wantTurn()
    }

    private func wantTurn() {
        guard !self.isTurnDue else { return }
        self.isTurnDue = true
        // Now and then a turn comes late, and finds many inputs.
        let draw = self.clockwork.dice.value("turn", self.process, self.turns)
        let microseconds = draw % 16 == 0 ? 500 + (draw >> 8) % 40_000 : 5 + (draw >> 8) % 300
        self.clockwork.schedule(.turn(process: self.process), after: Span(nanoseconds: Int64(microseconds) * 1000))
    }

    /// Takes the inputs of one turn: all that wait, or only the first of them.
    func take() -> [Input] {
        self.isTurnDue = false
        self.turns += 1
        let draw = self.clockwork.dice.value("cut", self.process, self.turns)
        guard self.inputs.count > 1, draw % 4 == 0 else {
            defer { self.inputs = [] }
            return self.inputs
        }
        let count = 1 + Int((draw >> 8) % UInt64(self.inputs.count))
        let taken = Array(self.inputs.prefix(count))
        self.inputs.removeFirst(count)
        if !self.inputs.isEmpty { self.wantTurn() }
        return taken
    }
}
