// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether a text occurs in another, byte for byte.
func contains(_ text: String, _ part: String) -> Bool {
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
