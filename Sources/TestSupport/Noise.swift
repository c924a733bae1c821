// SPDX-License-Identifier: Apache-2.0

/// Text that no compression makes smaller: for records that must be too large for a broker.
package enum Noise {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// Returns that many random letters and digits.
    package static func text(_ count: Int) -> String {
        var random = SystemRandomNumberGenerator()
        return String(
            decoding: (0..<count).map { _ in self.letters[Int.random(in: 0..<self.letters.count, using: &random)] },
            as: UTF8.self
        )
    }
}
