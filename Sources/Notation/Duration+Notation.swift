// SPDX-License-Identifier: Apache-2.0

/// The units in which people write durations, longest first.
private let units: [(suffix: String, nanoseconds: Int64)] = [
    ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
    ("ms", 1_000_000), ("us", 1000), ("ns", 1),
]

extension Duration {
    /// The longest duration that the notation can write: 100,000 days.
    package static let longestNotated = Duration.seconds(100_000 * 86_400)

    /// Reads a duration such as `250ms`, `30s`, `1.5h` or `1h30m`; `nil` for anything else.
    ///
    /// Units: `ns`, `us`, `ms`, `s`, `m`, `h`, `d`, each at most once and longest first. A bare number is refused, for
    /// nobody can tell its unit; only `0` needs none. No sign; at most 100,000 days.
    package init?(notation text: some StringProtocol) {
        if text == "0" {
            self = .zero
            return
        }
        var rest = Substring(text)[...]
        var total = Duration.zero
        var remainingUnits = units[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let suffix = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(suffix.count)
            guard
                let index = remainingUnits.firstIndex(where: { $0.suffix == suffix }),
                let part = Duration.multiple(number, ofNanoseconds: units[index].nanoseconds)
            else { return nil }
            remainingUnits = remainingUnits[(index + 1)...]
            total += part
            guard total <= Duration.longestNotated else { return nil }
        }
        self = total
    }

    /// Returns a decimal number times a unit, exactly, or `nil` if the number is none, too great or too fine.
    private static func multiple(_ number: Substring, ofNanoseconds unit: Int64) -> Duration? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ (1...9).contains($0.utf8.count) }) else { return nil }
        guard let whole = Int64(parts[0]) else { return nil }
        var nanoseconds = Int128(whole) * Int128(unit)
        if parts.count == 2 {
            guard let fraction = Int64(parts[1]) else { return nil }
            var scale: Int128 = 1
            for _ in parts[1].utf8 { scale *= 10 }
            let (quotient, remainder) = (Int128(fraction) * Int128(unit)).quotientAndRemainder(dividingBy: scale)
            guard remainder == 0 else { return nil }
            nanoseconds += quotient
        }
        guard let exact = Int64(exactly: nanoseconds) else { return nil }
        return .nanoseconds(exact)
    }

    /// The duration in the greatest unit that shows it whole, for example `90s`, `5m` or `250ms`.
    ///
    /// Parts of a nanosecond are cut off; a negative duration has a minus sign, which `init(notation:)` refuses.
    package var notation: String {
        let nanoseconds = self.attoseconds / 1_000_000_000
        guard nanoseconds != 0 else { return "0s" }
        for unit in units where nanoseconds % Int128(unit.nanoseconds) == 0 {
            return "\(nanoseconds / Int128(unit.nanoseconds))\(unit.suffix)"
        }
        return "\(nanoseconds)ns"
    }
}
