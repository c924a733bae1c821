// SPDX-License-Identifier: Apache-2.0

import HTTPValues
import Values

/// One call, ready to be sent but for address and key.
struct Call {
    let operation: APIOperation
    /// Values of the placeholders of the operation's template, in their order.
    var arguments: [String] = []
    var query: [(name: String, value: String)] = []
    var body: [UInt8]?
    /// Texts besides the API key that must not come back in an error.
    var secrets: [Secret] = []
    var timeout: Duration?
    /// Path of a raw call, percent-encoded by its writer, in place of the template.
    var rawPath: String?
    var service = Service.api

    /// Who is called.
    enum Service { case api, modelService }
}

extension Call {
    /// Returns the call's URL below `root`.
    ///
    /// - Throws: `APIError` of kind `invalid` for an argument that would change the path's meaning.
    func url(root: String) throws(APIError) -> String {
        var url = root
        url.reserveCapacity(root.utf8.count + 256)
        if let path = self.rawPath {
            PercentEncoding.appendPath(path, to: &url)
            self.appendQuery(to: &url)
            return url
        }
        var arguments = self.arguments.makeIterator()
        for segment in self.operation.template.split(separator: "/") {
            url += "/"
            guard segment.first == "{", let close = segment.firstIndex(of: "}") else {
                url += segment
                continue
            }
            let argument = arguments.next() ?? ""
            // An empty id would turn "get one" into "list all"; dots are steps in a path however they are encoded.
            guard !argument.isEmpty, argument != ".", argument != ".." else {
                throw self.refused("'\(ServerText.clean(argument))' is no value for \(segment[...close])")
            }
            PercentEncoding.append(argument, to: &url)
            url += segment[segment.index(after: close)...]
        }
        self.appendQuery(to: &url)
        return url
    }

    private func appendQuery(to url: inout String) {
        var separator = "?"
        for (name, value) in self.query {
            url += separator
            PercentEncoding.append(name, to: &url)
            url += "="
            PercentEncoding.append(value, to: &url)
            separator = "&"
        }
    }

    /// The error for a call that can't be sent as it is.
    func refused(_ message: String) -> APIError {
        APIError(.invalid, operation: self.operation, message: message, outcome: .notApplied)
    }
}
