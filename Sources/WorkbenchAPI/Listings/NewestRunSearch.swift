// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// Looks for the newest finished run of an experiment.
///
/// The newest first is asked for; it stops at the first older one only while the answer keeps to that order, and reads
/// all pages otherwise.
package struct NewestRunSearch: Exchange {
    private let pages: Pages<ExperimentRun>
    private var cursor: PageCursor
    private var newest: ExperimentRun?
    /// Start of the last run that had one.
    private var last: Timestamp?
    private var isOrdered = true

    init(project: String, experiment: String) {
        self.pages = .runs(project: project, experiment: experiment)
        self.cursor = PageCursor(self.pages.operation)
    }

    package func draft(in dialect: Dialect) -> RequestDraft {
        self.pages.page(at: self.cursor, in: dialect).draft
    }

    package mutating func received(
        _ response: HTTPResponse,
        in dialect: Dialect,
        now: Timestamp
    ) throws(APIError) -> ExchangeStep<ExperimentRun?> {
        let reading = ResponseFailure(operation: self.pages.operation, now: now)
        let page: Page<ExperimentRun> = try reading.answer(in: response)
        for run in page.items {
            if let start = run.startedAt {
                self.isOrdered = self.isOrdered && start <= self.last ?? start
                self.last = start
                if self.isOrdered, let newest = self.newest, start < newest.startedAt ?? .distantPast {
                    return .ended(newest)
                }
            }
            guard run.status == .finished else { continue }
            self.newest = self.newest.map { run.isNewer(than: $0) ? run : $0 } ?? run
        }
        guard !page.nextPageToken.isEmpty else { return .ended(self.newest) }
        try self.cursor.advance(to: page.nextPageToken, pageBytes: page.byteCount, at: now, in: dialect)
        return .another
    }
}

extension Exchange where Self == NewestRunSearch {
    /// Finds the newest finished run of an experiment.
    package static func newestFinishedRun(project: String, experiment: String) -> Self {
        NewestRunSearch(project: project, experiment: experiment)
    }
}
