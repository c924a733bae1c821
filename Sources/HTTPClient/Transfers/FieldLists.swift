// SPDX-License-Identifier: Apache-2.0

import CCurl

/// A request's header fields in libcurl's form; any number of transfers may use one at the same time.
final class FieldList {
    let headers: [(name: String, value: String)]
    let list: UnsafeMutablePointer<curl_slist>?

    init(_ headers: [(name: String, value: String)]) {
        // A name with nothing after the colon removes libcurl's own field; an empty value is written with `;`.
        var list = curl_slist_append(nil, "Expect:")
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            list = curl_slist_append(list, "Content-Type:")
        }
        for (name, value) in headers {
            list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        self.headers = headers
        self.list = list
    }

    deinit { curl_slist_free_all(self.list) }

    func holds(_ headers: [(name: String, value: String)]) -> Bool {
        self.headers.count == headers.count && self.headers.elementsEqual(headers, by: ==)
    }
}

/// The sets of header fields made last: a client's requests use the same few over and over.
///
/// Belongs to the loop's thread.
final class FieldLists {
    /// Reading and writing calls use different sets, and so do two services.
    private static let mostKept = 4

    private var kept: [FieldList] = []
    /// Index of the oldest one, once the limit is reached.
    private var oldest = 0

    func find(_ headers: [(name: String, value: String)]) -> FieldList? {
        self.kept.first { $0.holds(headers) }
    }

    /// Makes a list; the fields must be valid.
    func make(_ headers: [(name: String, value: String)]) -> FieldList {
        let list = FieldList(headers)
        if self.kept.count < Self.mostKept {
            self.kept.append(list)
        } else {
            self.kept[self.oldest] = list
            self.oldest = (self.oldest + 1) % Self.mostKept
        }
        return list
    }
}
