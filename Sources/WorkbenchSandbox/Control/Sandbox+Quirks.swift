// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

extension Sandbox {
    /// Which open questions are answered otherwise than usual; at most one quirk a question.
    package var quirks: Set<Quirk> {
        get { self.workbench.quirks }
        set { self.workbench.quirks = newValue }
    }

    /// Reads a list of quirks; what is not in it is as usual.
    mutating func setQuirks(_ value: JSONValue) throws(ControlFailure) {
        let known = Quirk.allCases.map(\.rawValue).joined(separator: ", ")
        guard let elements = value.elements else { throw ControlFailure("quirks: a list is expected, of \(known)") }
        var quirks: Set<Quirk> = []
        for element in elements {
            guard let name = element.text, let quirk = Quirk(rawValue: name) else {
                throw ControlFailure("quirks: unknown quirk '\(element.text ?? element.kind)'; allowed: \(known)")
            }
            if let other = quirks.first(where: { $0.question == quirk.question && $0 != quirk }) {
                throw ControlFailure(
                    "quirks: '\(other.rawValue)' and '\(name)' answer the same question, must be one of them"
                )
            }
            quirks.insert(quirk)
        }
        self.quirks = quirks
    }

    func quirksReply() -> SandboxDelivery {
        var writer = JSONWriter()
        writer.value(.array(Quirk.allCases.filter(self.quirks.contains).map { .string($0.rawValue) }))
        return SandboxDelivery(status: 200, body: writer.bytes)
    }

    /// Calls a second that are answered where there is a limit.
    private static let callsASecond = 20

    /// What a call beyond the limit is answered with.
    mutating func refusalByRate(at now: Timestamp) -> SandboxDelivery? {
        guard self.quirks.contains(.rateLimited) else { return nil }
        let second = now.millisecondsSinceEpoch / 1_000
        if self.calls.second != second { self.calls = (second, 0) }
        self.calls.count += 1
        return self.calls.count > Self.callsASecond ? FaultResponses.rateLimited(retryAfter: .seconds(1)) : nil
    }
}
