// SPDX-License-Identifier: Apache-2.0

/// A section at the end of a program's reference: what its commands go by beside options.
package struct ReferenceTable: Sendable {
    let title: String
    let introduction: String
    let columns: [String]
    let rows: [[String]]

    /// Creates a section.
    ///
    /// - Parameters:
    ///   - title: Its heading.
    ///   - introduction: Markdown before the table.
    ///   - columns: The headings of the table.
    ///   - rows: As many cells in each as there are columns; Markdown, whose bars are escaped.
    package init(title: String, introduction: String, columns: [String], rows: [[String]]) {
        self.title = title
        self.introduction = introduction
        self.columns = columns
        self.rows = rows
    }
}
