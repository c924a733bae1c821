// SPDX-License-Identifier: Apache-2.0

import Values

extension DrillPlan {
    /// Decides which faults hit workers and brokers, and when.
    static func incidents(_ settings: DrillSettings) -> [Incident] {
        var incidents: [Incident] = []
        for fault in [DrillFault.kill, .freeze, .rebalance, .broker, .operators] where settings.faults.contains(fault) {
            // The place in the list, not a hash, so that a seed means the same tomorrow.
            let salt = UInt64(DrillFault.allCases.firstIndex(of: fault) ?? 0) + 1
            var dice = SeededGenerator(seed: settings.seed ^ (salt << 32))
            let every: Duration = fault == .kill ? .seconds(20) : .seconds(30)
            for _ in 0..<max(1, Int(settings.span / every)) {
                incidents.append(
                    Incident(
                        at: self.moment(0.1...0.95, of: settings.span, &dice),
                        worker: Int.random(in: 0..<max(1, settings.workers), using: &dice),
                        kind: self.kind(of: fault, settings, &dice)
                    )
                )
            }
        }
        return incidents.sorted { $0.at < $1.at }
    }

    private static func kind(
        of fault: DrillFault,
        _ settings: DrillSettings,
        _ dice: inout SeededGenerator
    ) -> Incident.Kind {
        let seconds = Double.random(in: 0...1, using: &dice)
        switch fault {
        case .freeze: return .freeze(for: settings.times.session + .seconds(2 + 6 * seconds))
        case .rebalance:
            let length = Duration.seconds(5 + 15 * seconds)
            return Bool.random(using: &dice) ? .add(for: length) : .remove(for: length)
        case .broker:
            let node = Int.random(in: 1...max(1, settings.brokers), using: &dice)
            return .broker(node: node, for: .seconds(1 + 6 * seconds))
        case .operators:
            guard Bool.random(using: &dice) else { return .grow }
            return .stray(number: Int.random(in: 0..<1_000, using: &dice), for: .seconds(2 + 6 * seconds))
        case .kill, .api, .slow, .late, .proxy, .partial, .lag, .twins, .forget, .scattered, .replay:
            return .kill(restartAfter: .seconds(4 * seconds))
        }
    }
}

extension Duration {
    /// Seconds to a tenth.
    var tenths: Double { (Double(self.wholeMilliseconds) / 100).rounded() / 10 }
}
