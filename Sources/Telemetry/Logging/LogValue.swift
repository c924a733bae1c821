// SPDX-License-Identifier: Apache-2.0

package import Values

/// One small typed value of a log record.
package enum LogValue: Sendable, Equatable {
    /// A text; control characters are escaped when it is written, and it is cut after 4 KiB.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// A number; JSON shows one that is not finite as a string.
    case double(Double)
    /// True or false.
    case boolean(Bool)
    /// A length of time, written in seconds with a fraction.
    case duration(Duration)
    /// A point in time, written as RFC 3339.
    case timestamp(Timestamp)

    /// Any whole number; one beyond 64 signed bits is held at the limit.
    package static func integer(_ number: some BinaryInteger) -> LogValue { .integer(Int64(clamping: number)) }

    /// What `value` says of itself.
    package static func describing(_ value: some CustomStringConvertible) -> LogValue { .string(value.description) }

    /// What an error says of itself in one line.
    package static func error(_ error: any Error) -> LogValue { .string(String(describing: error)) }
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}
