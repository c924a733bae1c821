// SPDX-License-Identifier: Apache-2.0

extension [Gate] {
    /// Returns why the run is not wanted, or `nil` when every gate that needs only the run itself is met.
    package func firstUnmet(by facts: RunFacts) -> Cause? {
        for gate in self {
            if let problem = gate.problem(in: facts) { return Cause(.gate, problem) }
        }
        return nil
    }

    /// Returns why the run is not better than the deployed one, or `nil` when every gate that compares is met.
    package func firstUnmet(by facts: RunFacts, deployed: RunFacts) -> Cause? {
        for gate in self {
            guard let better = gate.betterThanDeployed else { continue }
            let name = gate.name
            guard let value = gate.number(in: facts) else { return Cause(.gate, "\(name) is missing or no number") }
            // A deployed run without the number sets no mark.
            guard let mark = gate.number(in: deployed) else { continue }
            guard better == .higher ? value > mark : value < mark else {
                return Cause(.gate, "\(name) is \(value), wanted \(better.rawValue) than \(mark) of the deployed run")
            }
        }
        return nil
    }
}

extension Gate {
    /// The gate's subject in words, such as `metric 'accuracy'`.
    package var name: String { "\(self.source.rawValue) '\(self.key)'" }

    /// The text of the gate's subject in a run.
    func text(in facts: RunFacts) -> String? {
        switch self.source {
        case .tag: facts.tags[self.key]
        case .param: facts.params[self.key]
        case .metric: facts.metrics[self.key].map { "\($0)" }
        }
    }

    /// The number of the gate's subject in a run; training scripts log scores as parameters, so texts are read too.
    func number(in facts: RunFacts) -> Double? {
        guard let number = self.text(in: facts).flatMap({ Double($0) }), number.isFinite else { return nil }
        return number
    }

    fileprivate func problem(in facts: RunFacts) -> String? {
        guard let text = self.text(in: facts) else { return "\(self.name) is missing" }
        if let equals, text != equals { return "\(self.name) is '\(text.prefix(100))', wanted '\(equals)'" }
        guard self.minimum != nil || self.maximum != nil else { return nil }
        guard let number = self.number(in: facts) else {
            return "\(self.name) is '\(text.prefix(100))', wanted a number"
        }
        if let minimum, number < minimum { return "\(self.name) is \(number), wanted at least \(minimum)" }
        if let maximum, number > maximum { return "\(self.name) is \(number), wanted at most \(maximum)" }
        return nil
    }
}
