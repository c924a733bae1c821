// SPDX-License-Identifier: Apache-2.0

import Values
import WorkbenchSandbox

extension DrillPlan {
    /// Decides how the workbench misbehaves, and when.
    static func faultWindows(_ settings: DrillSettings) -> [FaultWindow] {
        if let rules = settings.lastingFaults { return [FaultWindow(at: .zero, length: settings.span, rules: rules)] }
        let faults = DrillFault.allCases.filter { $0.isOfWorkbench && settings.faults.contains($0) }
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
        case .proxy: return self.rule("author", "*", "\(self.proxies.randomElement(using: &dice) ?? ""),\(chance)")
        case .partial:
            let part = self.parts.randomElement(using: &dice) ?? ""
            return #"{"match":{\#(part)},"fault":"status","status":\#(Bool.random(using: &dice) ? 500 : 503)}"#
        case .lag:
            // Less than the time in which nobody takes what is missing for gone.
            let longest = times.settle * 2 / 3
            switch Int.random(in: 0..<3, using: &dice) {
            case 0: return self.rule("shuffled", "GET", chance)
            case 1: return self.rule("stale", "GET", #""delay":"\#(longest.wholeMilliseconds)ms""#)
            default: return self.rule("visible-after", "GET", #""delay":"\#(longest.wholeMilliseconds)ms""#)
            }
        case .twins:
            let reply = Bool.random(using: &dice) ? "second" : "504"
            return self.rule("twice", "POST", #""reply":"\#(reply)",\#(chance)"#)
        case .forget: return self.rule("forget", "POST", #""fields":["comment","tags"]"#)
        case .api, .kill, .freeze, .rebalance, .broker, .operators, .scattered, .replay:
            return self.mishap(chance, &dice)
        }
    }

    /// What somebody in between answers.
    private static let proxies = [
        #""form":"text","status":404"#, #""form":"page","status":403"#, #""form":"page","status":200"#,
        #""form":"page","status":502"#, #""form":"redirect","status":302"#, #""form":"empty","status":200"#,
        #""form":"json","status":403"#,
    ]

    /// Parts of the workbench that are down each by itself.
    private static let parts = [
        #""family":"auth""#, #""family":"projects""#, #""family":"models""#, #""family":"registry""#,
        #""family":"modelservice""#, #""path":"/api/v2/projects/*/experiments/**""#,
        #""path":"/api/v2/projects/*/models/*/builds**""#,
        #""path":"/api/v2/projects/*/models/*/builds/*/deployments**""#,
    ]

    /// One of the ways in which any call may fail.
    private static func mishap(_ chance: String, _ dice: inout SeededGenerator) -> String {
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
