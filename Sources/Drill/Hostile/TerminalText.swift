// SPDX-License-Identifier: Apache-2.0

/// Finds what drives a terminal in texts that workers have told.
///
/// Reads bytes on its own, not by the workers' code, since it is to judge them.
enum TerminalText {
    /// Whether bytes of UTF-8 have a control character, of C0 or C1, or a mark that turns the direction of writing around.
    ///
    /// Line feeds part the lines of a log.
    static func drives(_ bytes: some Collection<UInt8>) -> Bool {
        var (before, last): (UInt8, UInt8) = (0, 0)
        for byte in bytes {
            if byte < 0x20 && byte != UInt8(ascii: "\n") || byte == 0x7F { return true }
            // C2 80 to C2 9F is C1; E2 80 8E to 8F and AA to AE, and E2 81 A6 to A9 are marks of direction.
            if last == 0xC2 && byte < 0xA0 { return true }
            if before == 0xE2 && last == 0x80 && (0x8E...0x8F ~= byte || 0xAA...0xAE ~= byte) { return true }
            if before == 0xE2 && last == 0x81 && 0xA6...0xA9 ~= byte { return true }
            (before, last) = (last, byte)
        }
        return false
    }

    /// Names the lines of a text that do.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - name: What it is called in front of the lines' numbers.
    /// - Returns: One line for each; their bytes are left out, since who reads this has a terminal.
    static func lines(of text: [UInt8], named name: String) -> [String] {
        text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap {
            self.drives($0.element) ? "\(name), line \($0.offset + 1)" : nil
        }
    }
}
