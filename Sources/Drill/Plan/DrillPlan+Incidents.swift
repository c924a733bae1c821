// SPDX-License-Identifier: Apache-2.0

import Values
import WorkbenchSandbox

extension DrillPlan {
    /// Decides which faults hit workers and brokers, and when.
    static func incidents(_ settings: DrillSettings) -> [Incident] {
        var incidents: [Incident] = []
        for fault in [DrillFault.kill, .freeze, .rebalance, .broker] where settings.faults.contains(fault) {
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
        case .kill, .api, .slow, .late, .scattered, .replay: return .kill(restartAfter: .seconds(4 * seconds))
        }
    }

    /// Decides how the workbench misbehaves, and when.
    static func faultWindows(_ settings: DrillSettings) -> [FaultWindow] {
        if let rules = settings.lastingFaults { return [FaultWindow(at: .zero, length: settings.span, rules: rules)] }
        let faults = [DrillFault.api, .slow, .late].filter(settings.faults.contains)
        guard !faults.isEmpty else { return [] }
        var dice = SeededGenerator(seed: settings.seed ^ 0xFA17)
        var faultWindows: [FaultWindow] = []
        var at = Duration.seconds(2)
        var seed = 0
        while at < settings.span {
            let length = self.moment(0.4...1, of: .seconds(8), &dice)
            seed += 1
            var rules = (0..<Int.random(in: 1...3, using: &dice)).map { _ in
                self.rule(of: faults.randomElement(using: &dice) ?? faults[0], settings.times, &dice)
            }
            // Later than anybody waits: what then appears is an orphan, and has to be called one.
            if faults.contains(.late), seed.isMultiple(of: 4) {
                let delay = settings.times.request + settings.times.settle + .seconds(6)
                rules.insert(
                    self.rule(
                        "apply-late",
                        "POST",
                        #""delay":"\#(delay.wholeMilliseconds)ms","count":1"#,
                        path: "**/builds"
                    ),
                    at: 0
                )
            }
            faultWindows.append(
                FaultWindow(
                    at: at,
                    length: length,
                    rules: #"{"seed":\#(seed),"rules":[\#(rules.joined(separator: ","))]}"#
                )
            )
            at += length + self.moment(0.2...1, of: .seconds(3), &dice)
        }
        return faultWindows
    }

    private static func rule(
        of fault: DrillFault,
        _ times: DrillSettings.Times,
        _ dice: inout SeededGenerator
    ) -> String {
        let chance = "\"probability\":0.\(Int.random(in: 1...6, using: &dice))"
        switch fault {
        case .slow: return self.rule("latency", "*", #""delay":["20ms","1500ms"],\#(chance)"#)
        case .late:
            // Well within the time in which nobody creates again.
            let longest = (times.request + times.settle) / 2
            let reply = Bool.random(using: &dice) ? "cut" : "500"
            let more = #""delay":["100ms","\#(longest.wholeMilliseconds)ms"],"reply":"\#(reply)",\#(chance)"#
            return self.rule("apply-late", "POST", more)
        case .kill, .freeze, .rebalance, .broker, .api, .scattered, .replay: break
        }
        switch Int.random(in: 0..<9, using: &dice) {
        case 0: return self.rule("status", "*", #""status":503,\#(chance)"#)
        case 1: return self.rule("status", "*", #""status":502,"form":"html""#)
        case 2: return self.rule("status", "*", #""status":401"#)
        case 3: return self.rule("status", "POST", #""status":500,\#(chance)"#)
        case 4: return self.rule("drop-before", "*", chance)
        case 5: return self.rule("drop-after-apply", "POST", chance)
        case 6: return self.rule("stall-then-500", "POST", #""delay":["500ms","4s"],\#(chance)"#)
        case 7: return self.rule("malformed", "*", #""form":"truncated",\#(chance)"#)
        default: return self.rule("rate-limit", "*", #""retryAfter":"1s",\#(chance)"#)
        }
    }

    private static func rule(_ fault: String, _ method: String, _ more: String, path: String = "/api/v2/**") -> String {
        #"{"match":{"method":"\#(method)","path":"\#(path)"},"fault":"\#(fault)",\#(more)}"#
    }
}

extension Duration {
    /// Seconds to a tenth.
    var tenths: Double { (Double(self.wholeMilliseconds) / 100).rounded() / 10 }
}
