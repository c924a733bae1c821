// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON

/// A field of a row as lists filter and sort by it; unset sorts first.
enum ListValue: Comparable {
    case unset
    case number(Double)
    case time(WallTime)
    case text(String)

    /// What a filter is compared with.
    var filterText: String {
        switch self {
        case .unset: ""
        case .number(let value): Int64(exactly: value).map(String.init) ?? value.description
        case .time(let time): time.rfc3339
        case .text(let text): text
        }
    }

    static func bool(_ value: Bool) -> ListValue {
        .text(value ? "true" : "false")
    }
}

/// A row that lists can filter and sort.
protocol Listable {
    /// The field of that name in the API's words; `unset` if there is none.
    func listValue(_ key: String, at now: WallTime) -> ListValue
}

/// What a list call asks for: page, filter and order.
struct ListRequest {
    /// Entries of a page where the call names no size.
    static let defaultPageSize = 10

    let pageSize: Int
    let offset: Int
    let filters: [(key: String, text: String)]
    let sort: [(key: String, isDescending: Bool)]
    private let token: String

    /// The keys that one list supports.
    struct Keys {
        var filter: [String] = []
        var sort: [String] = []
        /// Prefixes of keys whose rest is free, such as `metrics.`.
        var dynamic: [String] = []
        /// Whether keys that are not supported are skipped instead of refused.
        var ignoresUnknown = false
    }

    init(_ query: Query, _ keys: Keys) throws(APIFailure) {
        self.pageSize = try ListRequest.pageSize(query.value("page_size"))
        self.token = query["page_token"]
        self.offset = try ListRequest.offset(ofToken: self.token)
        self.filters = try ListRequest.filters(query["search_filter"], keys)
        self.sort = try ListRequest.sort(query["sort"], keys)
    }

    /// The token for the page after this one; empty if this one reaches the end.
    func nextToken(total: Int, rendering: Rendering) -> String {
        if rendering.repeatsPageToken {
            return self.token.isEmpty ? ListRequest.token(forOffset: 0) : self.token
        }
        let next = self.offset + self.pageSize
        return next < total ? ListRequest.token(forOffset: next) : ""
    }

    func matches(_ row: some Listable, at now: WallTime) -> Bool {
        self.filters.allSatisfy { filter in
            contains(row.listValue(filter.key, at: now).filterText, filter.text)
        }
    }

    /// The text that the filter wants in that field.
    func filterText(_ key: String) -> String? {
        self.filters.first { $0.key == key }?.text
    }

    /// Zero is proto3's "not set"; what is below counts as that too.
    private static func pageSize(_ text: String?) throws(APIFailure) -> Int {
        guard let text else { return self.defaultPageSize }
        guard let size = Int32(text) else { throw .invalid("page_size: a 32-bit integer is expected") }
        return size <= 0 ? self.defaultPageSize : Int(size)
    }

    /// Scrambled, so that nobody mistakes it for a number to count with.
    private static let tokenMask = 0x2_5A17_C3D9

    private static func token(forOffset offset: Int) -> String {
        "t" + String(offset ^ self.tokenMask, radix: 36)
    }

    private static func offset(ofToken token: String) throws(APIFailure) -> Int {
        if token.isEmpty { return 0 }
        guard token.hasPrefix("t"), let value = Int(token.dropFirst(), radix: 36), value ^ self.tokenMask >= 0,
            value ^ self.tokenMask <= Int(Int32.max)
        else {
            throw .invalid("page_token: not a token of this listing")
        }
        return value ^ self.tokenMask
    }

    private static func filters(_ text: String, _ keys: Keys) throws(APIFailure) -> [(key: String, text: String)] {
        if text.isEmpty { return [] }
        let value: JSONValue
        do {
            value = try JSONValue(lenientlyParsing: Array(text.utf8))
        } catch {
            throw .invalid("search_filter: not JSON: \(error)")
        }
        guard case .object(let members) = value else { throw .invalid("search_filter: a JSON object is expected") }
        var filters: [(key: String, text: String)] = []
        for member in members {
            guard keys.filter.contains(member.name) || keys.hasDynamic(member.name) else {
                if keys.ignoresUnknown { continue }
                throw .invalid(
                    "search_filter: key \(member.name) is not supported; supported: \(keys.filter.joined(separator: " "))"
                )
            }
            filters.append((member.name, try self.filterText(member.value)))
        }
        return filters
    }

    private static func filterText(_ value: JSONValue) throws(APIFailure) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .double(let number): ListValue.number(number).filterText
        case .bool(let value): ListValue.bool(value).filterText
        case .null: ""
        case .array, .object: throw .invalid("search_filter: values must be strings")
        }
    }

    private static func sort(
        _ text: String,
        _ keys: Keys
    ) throws(APIFailure) -> [(key: String, isDescending: Bool)] {
        var sort: [(key: String, isDescending: Bool)] = []
        for part in text.split(separator: ",") {
            let isDescending = part.hasPrefix("-")
            // An unencoded plus arrives as a space.
            let key = String(part.drop { $0 == "-" || $0 == "+" || $0 == " " })
            guard keys.sort.contains(key) || keys.hasDynamic(key) else {
                if keys.ignoresUnknown { continue }
                throw .invalid("sort: key \(key) is not supported; supported: \(keys.sort.joined(separator: " "))")
            }
            sort.append((key, isDescending))
        }
        return sort
    }
}

extension ListRequest.Keys {
    fileprivate func hasDynamic(_ key: String) -> Bool {
        self.dynamic.contains { key.hasPrefix($0) }
    }
}

/// One page of rows.
struct Page<Row> {
    var rows: [Row] = []
    var nextToken = ""
}

extension Table where Row: Listable {
    /// One page of the rows at those positions.
    ///
    /// - Parameters:
    ///   - positions: Candidates in order of creation; gaps are skipped.
    ///   - request: Page, filter and order.
    ///   - now: The moment at which states are taken.
    ///   - rendering: May turn the order round or spoil the token.
    ///   - condition: What a row must fulfil beside the filter.
    /// - Returns: The rows of the page and the token of the next.
    func page(
        of positions: some BidirectionalCollection<Int>,
        _ request: ListRequest,
        at now: WallTime,
        rendering: Rendering,
        where condition: (Row) -> Bool = { _ in true }
    ) -> Page<Row> {
        let ordered: any BidirectionalCollection<Int> = rendering.isReversed ? positions.reversed() : positions
        var matching: [Row] = []
        let isUnrestricted = request.filters.isEmpty && request.sort.isEmpty
        // Without filter and order one row beyond the page is enough to know that there is a next one.
        let enough = isUnrestricted ? request.offset + request.pageSize + 1 : .max
        for position in ordered {
            guard let row = self[position], condition(row), request.matches(row, at: now) else { continue }
            matching.append(row)
            if matching.count >= enough { break }
        }
        if !request.sort.isEmpty { matching = sorted(matching, request, at: now) }
        return Page(
            rows: Array(matching.dropFirst(request.offset).prefix(request.pageSize)),
            nextToken: request.nextToken(total: matching.count, rendering: rendering)
        )
    }

    private func sorted(_ rows: [Row], _ request: ListRequest, at now: WallTime) -> [Row] {
        let keyed = rows.enumerated().map { index, row in
            (index: index, row: row, values: request.sort.map { row.listValue($0.key, at: now) })
        }
        return keyed.sorted { left, right in
            for (index, key) in request.sort.enumerated() where left.values[index] != right.values[index] {
                return (left.values[index] < right.values[index]) != key.isDescending
            }
            return left.index < right.index
        }.map(\.row)
    }
}

/// Whether a text occurs in another, byte for byte.
private func contains(_ text: String, _ part: String) -> Bool {
    if part.isEmpty { return true }
    var text = text
    var part = part
    return text.withUTF8 { text in
        part.withUTF8 { part in contains(UnsafeRawBufferPointer(text), UnsafeRawBufferPointer(part)) }
    }
}

private func contains(_ text: UnsafeRawBufferPointer, _ part: UnsafeRawBufferPointer) -> Bool {
    guard let textStart = text.baseAddress, let partStart = part.baseAddress, part.count <= text.count else {
        return false
    }
    var start = 0
    // `memmem` would do all of this, but is a GNU extension that Swift does not see.
    while let found = memchr(textStart + start, Int32(part[0]), text.count - part.count + 1 - start) {
        if memcmp(found, partStart, part.count) == 0 { return true }
        start = UnsafeRawPointer(found) - textStart + 1
    }
    return false
}
