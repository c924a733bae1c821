// SPDX-License-Identifier: Apache-2.0

/// How a reply's JSON deviates from the usual one, to harden clients.
package struct Rendering: Sendable, Equatable {
    /// Leaves fields with zero values out.
    package var isSparse = false
    /// Lists run backwards.
    package var isReversed = false
    /// Status words in capitals.
    package var hasUpperCaseStatus = false
    /// Stands in for every status word.
    package var statusWord: String?
    /// A list's next page token is the one of the request, or that of the first page.
    package var repeatsPageToken = false

    /// The usual rendering.
    package init() {}
}
