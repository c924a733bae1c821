// SPDX-License-Identifier: Apache-2.0

import CEvent

/// The header fields of one request.
///
/// Kept as one block of bytes: most handlers look at one or two fields, so no string is made before it is asked for.
package struct HeaderFields: Sendable {
    private struct Field {
        var nameStart: Int32
        var valueStart: Int32
        var valueEnd: Int32
    }

    private var bytes: [UInt8] = []
    private var fields: [Field] = []

    /// Creates a list from names and values, in that order.
    package init(_ pairs: [(name: String, value: String)] = []) {
        for (name, value) in pairs { self.append(name: name.utf8, value: value.utf8) }
    }

    /// Copies libevent's list, so that it outlives the request.
    init(copying list: UnsafePointer<evkeyvalq>) {
        self.bytes.reserveCapacity(512)
        self.fields.reserveCapacity(8)
        var next = list.pointee.tqh_first
        while let field = next {
            self.append(name: Self.bytes(of: field.pointee.key), value: Self.bytes(of: field.pointee.value))
            next = field.pointee.next.tqe_next
        }
    }

    private static func bytes(of text: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer {
        guard let text else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        var end = text
        while end.pointee != 0 { end += 1 }
        return UnsafeRawBufferPointer(start: text, count: end - text)
    }

    private mutating func append(name: some Collection<UInt8>, value: some Collection<UInt8>) {
        let nameStart = self.bytes.count
        self.bytes.append(contentsOf: name)
        let valueStart = self.bytes.count
        self.bytes.append(contentsOf: value)
        self.fields.append(
            Field(nameStart: Int32(nameStart), valueStart: Int32(valueStart), valueEnd: Int32(self.bytes.count))
        )
    }

    /// The value of the first field of that name, compared without regard to ASCII case.
    package subscript(name: String) -> String? {
        for field in self.fields where self.isName(field, name) { return self.value(field) }
        return nil
    }

    /// The values of all fields of that name, in the order received.
    package func all(_ name: String) -> [String] {
        self.fields.filter { self.isName($0, name) }.map(self.value)
    }

    /// All fields in the order received, names as the client wrote them.
    package var pairs: [(name: String, value: String)] {
        self.fields.map { field in
            let name = self.bytes[Int(field.nameStart)..<Int(field.valueStart)]
            return (String(decoding: name, as: UTF8.self), self.value(field))
        }
    }

    private func value(_ field: Field) -> String {
        String(decoding: self.bytes[Int(field.valueStart)..<Int(field.valueEnd)], as: UTF8.self)
    }

    private func isName(_ field: Field, _ name: String) -> Bool {
        let length = Int(field.valueStart - field.nameStart)
        guard name.utf8.count == length else { return false }
        return zip(self.bytes[Int(field.nameStart)..<Int(field.valueStart)], name.utf8).allSatisfy { left, right in
            left == right || Self.lowercased(left) == Self.lowercased(right)
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
