// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// A field of a row as lists filter and sort by it; unset sorts first.
enum ListValue: Comparable {
    case unset
    case number(Double)
    case time(Timestamp)
    case text(String)

    /// What a filter is compared with.
    var filterText: String {
        switch self {
        case .unset: ""
        case .number(let value): Int64(exactly: value).map(String.init) ?? value.description
        case .time(let time): time.shortestRFC3339
        case .text(let text): text
        }
    }

    static func bool(_ value: Bool) -> ListValue {
        .text(value ? "true" : "false")
    }
}

/// A row that lists can filter and sort.
protocol Listable {
    /// When it was made.
    var createdAt: Timestamp { get }
    /// The field of that name in the API's words; `unset` if there is none.
    func listValue(_ key: String, at now: Timestamp) -> ListValue
}

/// What a list call asks for: page, filter and order.
struct ListRequest {
    /// Entries of a page where the call names no size.
    static let defaultPageSize = 10

    let pageSize: Int
    let filters: [(key: String, text: String)]
    let sort: [(key: String, isDescending: Bool)]
    private let token: PageToken

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
        self.token = try PageToken(query["page_token"])
        self.filters = try ListRequest.filters(query["search_filter"], keys)
        self.sort = try ListRequest.sort(query["sort"], keys)
    }

    /// Rows before the page.
    var offset: Int { self.token.offset }

    /// Decides the order of the rows: on a first page as the call sees them, on later ones as on the first.
    func shuffle(_ view: ReadView) -> UInt32? { self.token.isFirst ? view.shuffle : self.token.shuffle }

    /// The token for the page after this one; empty if this one reaches the end.
    func nextToken(total: Int, for call: WorkbenchCall) -> String {
        let next = call.rendering.repeatsPageToken ? self.offset : self.offset + self.pageSize
        guard next < total || call.rendering.repeatsPageToken else { return "" }
        return PageToken(offset: next, shuffle: self.shuffle(call.view)).text
    }

    func matches(_ row: some Listable, at now: Timestamp) -> Bool {
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
