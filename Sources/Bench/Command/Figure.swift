// SPDX-License-Identifier: Apache-2.0

import JSON

/// One measured figure, with what it is to be held against.
struct Figure: Sendable, Equatable {
    /// What the product aims at.
    enum Target: Sendable, Equatable {
        case atLeast(Double)
        case atMost(Double)
    }

    /// What the machine allows, measured in the same run.
    struct Limit: Sendable, Equatable {
        var text: String
        var value: Double
        var unit: String
    }

    /// Name in JSON.
    var name: String
    /// Name for people.
    var title: String
    var value: Double
    var unit: String
    var target: Target?
    var limit: Limit?
    /// How it was taken, where the title doesn't say.
    var note = ""

    /// Whether the target is met; `nil` without one.
    var isMet: Bool? {
        switch self.target {
        case nil: nil
        case .atLeast(let bound): self.value >= bound
        case .atMost(let bound): self.value <= bound
        }
    }

    /// The figure as a share of its limit, for rates; `nil` where the two have different units.
    var share: Double? {
        guard let limit = self.limit, limit.unit == self.unit, limit.value > 0 else { return nil }
        return self.value / limit.value
    }

    /// Writes it as a JSON object.
    func write(to writer: inout JSONWriter) {
        writer.object { object in
            object.field("name", self.name)
            object.field("value", self.value)
            object.field("unit", self.unit)
            switch self.target {
            case .atLeast(let bound)?: object.field("atLeast", bound)
            case .atMost(let bound)?: object.field("atMost", bound)
            case nil: break
            }
            object.field("met", self.isMet)
            if let limit = self.limit {
                object.object("limit") { object in
                    object.field("text", limit.text)
                    object.field("value", limit.value)
                    object.field("unit", limit.unit)
                }
            }
            object.field("share", self.share)
            object.field("note", self.note.isEmpty ? nil : self.note)
        }
    }

    /// The lines of it for people.
    var lines: [String] {
        var first = "\(Self.padded(self.title, 34)) \(Self.padded(Self.text(self.value, self.unit), 18))"
        switch self.target {
        case .atLeast(let bound)?: first += " target: at least \(Self.text(bound, self.unit))"
        case .atMost(let bound)?: first += " target: at most \(Self.text(bound, self.unit))"
        case nil: break
        }
        if self.isMet == false { first += ", MISSED" }
        var lines = [first]
        if let limit = self.limit {
            let share = self.share.map { " (\(Int(($0 * 100).rounded())) % of it)" } ?? ""
            lines.append("    beside it: \(limit.text) \(Self.text(limit.value, limit.unit))\(share)")
        }
        if !self.note.isEmpty { lines.append("    \(self.note)") }
        return lines.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
    }

    /// A number with its unit: three significant digits, thousands apart.
    static func text(_ value: Double, _ unit: String) -> String {
        let digits = value.magnitude >= 100 ? 0 : value.magnitude >= 10 ? 1 : 2
        let scale = [1.0, 10, 100][digits]
        let rounded = (value * scale).rounded()
        let whole = String(Int64(rounded.magnitude) / Int64(scale))
        var grouped = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        if digits > 0 {
            let fraction = String(Int64(rounded.magnitude) % Int64(scale))
            grouped += "." + String(repeating: "0", count: digits - fraction.count) + fraction
        }
        return "\(rounded < 0 ? "-" : "")\(grouped) \(unit)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
