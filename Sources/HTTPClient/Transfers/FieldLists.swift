// SPDX-License-Identifier: Apache-2.0

import CCurl

/// Header fields of a request as libcurl wants them; any number of transfers may read one at a time.
final class FieldList {
    let headers: [(name: String, value: String)]
    let list: UnsafeMutablePointer<curl_slist>?

    init(_ headers: [(name: String, value: String)]) {
        // A name with nothing behind the colon takes libcurl's own field away; an empty value is written with `;`.
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

/// The sets of header fields used of late: a client's requests have the same few again and again.
///
/// Belongs to the loop's thread.
final class FieldLists {
    /// Reading and writing calls have different sets, and so have those of two services.
    private static let mostKept = 4

    private var kept: [FieldList] = []
    /// Index of the oldest one, once there are as many as are kept.
    private var oldest = 0

    func find(_ headers: [(name: String, value: String)]) -> FieldList? {
        self.kept.first { $0.holds(headers) }
    }

    /// Makes a list of fields, which must be such as can be sent.
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
