// SPDX-License-Identifier: Apache-2.0

/// A text that must not be seen: an API key, a model's access key.
///
/// Prints, dumps and mirrors as `[secret]`; there is no way to encode it.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps a text.
    package init(_ value: String) {
        self.value = value
    }

    /// Whether there is no text at all.
    package var isEmpty: Bool { self.value.isEmpty }

    /// The text itself.
    ///
    /// For a header or body that is about to leave, and for removing it from foreign text; nothing else.
    package func reveal() -> String { self.value }

    /// Always `[secret]`.
    package var description: String { "[secret]" }

    /// Always `[secret]`.
    package var debugDescription: String { "[secret]" }

    /// A mirror without children, so that `dump` shows nothing.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
