// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a request says in its body.
protocol RequestBody {
    /// Writes the members of the body's object, in the order of their names.
    ///
    /// - Throws: `FieldFailure` for a member that JSON can't say; without its value, which may be a secret.
    func write(to writer: inout JSONWriter) throws(FieldFailure)
}

extension RequestBody {
    /// The whole body.
    func bytes() throws(FieldFailure) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        try self.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }
}
