// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

extension HTTPResponse {
    /// What the sender's clock showed, in whole seconds; `nil` where the response doesn't say.
    package var date: Timestamp? { self.header("date").flatMap { RetryAfter.time(ofHTTPDate: $0) } }
}

/// Reads the `Retry-After` header field (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// A longer wait is nothing that a server means.
    static let maximum = Duration.seconds(24 * 3600)

    /// Returns the wait, 0 to 24 hours, or `nil` for a text that is neither seconds nor a date.
    ///
    /// - Parameters:
    ///   - text: The field's value.
    ///   - date: The response's own `Date` field: two times of one clock, so ours doesn't matter.
    ///   - now: Our own time, for a response without `Date`.
    /// - Returns: The wait.
    static func wait(_ text: String, date: String?, now: Timestamp) -> Duration? {
        let text = text.trimming(while: \.isWhitespace)
        if let seconds = Double(text), seconds.isFinite {
            return self.bounded(.seconds(min(max(seconds, 0), 1e9)))
        }
        guard let until = self.time(ofHTTPDate: String(text)) else { return nil }
        let now = date.flatMap { self.time(ofHTTPDate: $0) } ?? now
        return self.bounded(until.duration(since: now))
    }

    private static func bounded(_ wait: Duration) -> Duration {
        min(max(wait, .zero), self.maximum)
    }

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that senders may make.
    static func time(ofHTTPDate text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT",
            let month = self.months.firstIndex(of: parts[2].lowercased())
        else { return nil }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Timestamp(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
}
