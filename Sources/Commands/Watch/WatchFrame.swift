// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// Draws the board as lines of text.
///
/// Pure: the same board, time and size make the same lines, none wider than the terminal, never more than its height.
struct WatchFrame: Sendable {
    /// Columns of the terminal.
    let width: Int
    /// Rows of the terminal; the last stays free for the cursor.
    let height: Int
    /// Whether escape sequences for colours may be used.
    let allowsColour: Bool

    private static let idWidth = 8
    private static let phaseWidth = 11
    private static let timeWidth = 6
    private static let gap = "  "

    /// The lines, from the top.
    ///
    /// - Parameters:
    ///   - board: What is known.
    ///   - now: The time for which durations are shown.
    ///   - notice: One more line for something unusual, such as an outage of Kafka.
    /// - Returns: At least one line, fewer than the terminal has rows.
    func lines(_ board: WatchBoard, now: Timestamp, notice: String? = nil) -> [String] {
        let room = max(1, self.height - 1)
        var lines = [self.summary(board)]
        if let notice { lines.append(self.styled(TerminalText(notice).cut(to: self.width).text, .yellow)) }
        let places = room - lines.count - 1
        guard places > 0 else { return Array(lines.prefix(room)) }
        let total = board.shownCount
        let shown = board.newest(total > places ? places - 1 : places)
        guard !shown.isEmpty else {
            return lines + [self.styled(TerminalText("waiting for status events").cut(to: self.width).text, .dim)]
        }
        let columns = Columns(shown.map(\.status), width: self.width)
        lines.append(self.styled(columns.head, .dim))
        lines += shown.map { self.line($0.status, columns, now) }
        if shown.count < total {
            lines.append(self.styled(TerminalText("… \(total - shown.count) more").cut(to: self.width).text, .dim))
        }
        return lines
    }

    private func summary(_ board: WatchBoard) -> String {
        let known = Phase.allCases.map(\.rawValue).filter { board.underWay[$0] != nil }
        let unknown = board.underWay.keys.filter { Phase(rawValue: $0) == nil }.sorted()
        let phases = (known + unknown).map { "\(board.underWay[$0] ?? 0) \($0)" }.joined(separator: ", ")
        let ended = Phase.allCases.filter(\.isTerminal).compactMap { phase in
            board.ended[phase].map { "\($0) \(phase.rawValue)" }
        }
        // What matters most stands first: the end is cut on a narrow terminal.
        var text = (["\(board.underWayCount) under way"] + ended).joined(separator: ", ")
        if !phases.isEmpty { text += "; now \(phases)" }
        return self.styled(TerminalText(text).cut(to: self.width).text, .bold)
    }

    private func line(_ status: StatusEvent, _ columns: Columns, _ now: Timestamp) -> String {
        let since = status.time.map { Self.brief(now.milliseconds(since: $0)) } ?? ""
        let total =
            status.isTerminal
            ? status.totalMilliseconds.map(Self.brief) ?? ""
            : status.acceptedAt.map { Self.brief(now.milliseconds(since: $0)) } ?? ""
        var cells = [TerminalText(status.rolloutID).text.prefix(Self.idWidth).description]
        cells[0] = TerminalText(cells[0]).fitted(to: Self.idWidth)
        cells.append(self.styled(TerminalText(status.phaseWord).fitted(to: Self.phaseWidth), Style(of: status)))
        cells.append(Self.right(since, Self.timeWidth))
        if columns.hasTotal { cells.append(Self.right(total, Self.timeWidth)) }
        if columns.model > 0 { cells.append(TerminalText(status.modelName).fitted(to: columns.model)) }
        if columns.run > 0 { cells.append(TerminalText(Self.run(status)).fitted(to: columns.run)) }
        if columns.detail > 0 { cells.append(TerminalText(Self.detail(status)).cut(to: columns.detail).text) }
        let line = cells.joined(separator: Self.gap)
        return columns.fits ? line : TerminalText(status.phaseWord).cut(to: self.width).text
    }

    /// What is worth saying of a rollout beside its phase.
    private static func detail(_ status: StatusEvent) -> String {
        var parts: [String] = []
        if let cause = status.cause {
            parts.append(cause.message.isEmpty ? cause.class : "\(cause.class): \(cause.message)")
            if let step = cause.nextStep, !step.isEmpty { parts.append(step) }
        }
        if status.phase == .deployed, let endpoint = status.endpointURL { parts.append(endpoint) }
        if let attempt = status.attempt, attempt > 1 { parts.append("attempt \(attempt)") }
        if let replay = status.replayID { parts.append("replay \(replay)") }
        return parts.joined(separator: "  ")
    }

    private static func run(_ status: StatusEvent) -> String { status.run.runID ?? "(newest)" }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// A duration in at most six characters: `0s`, `59s`, `4m07s`, `3h05m`, `12d03h`.
    static func brief(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        func pair(_ value: Int64) -> String { value < 10 ? "0\(value)" : String(value) }
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m\(pair(seconds % 60))s" }
        if seconds < 86_400 { return "\(seconds / 3600)h\(pair(seconds / 60 % 60))m" }
        let days = seconds / 86_400
        return days < 100 ? "\(days)d\(pair(seconds / 3600 % 24))h" : "\(days)d"
    }
}

extension WatchFrame {
    /// How wide each column is, by what is shown and by the terminal.
    fileprivate struct Columns {
        let model: Int
        let run: Int
        let detail: Int
        let hasTotal: Bool
        let fits: Bool
        let head: String

        init(_ statuses: [StatusEvent], width: Int) {
            let fixed = WatchFrame.idWidth + WatchFrame.phaseWidth + WatchFrame.timeWidth + 4
            self.fits = fixed <= width
            self.hasTotal = width >= 70
            var rest = width - fixed - (self.hasTotal ? WatchFrame.timeWidth + 2 : 0)
            func take(_ texts: [String], _ title: String, most: Int) -> Int {
                let wanted = min(most, max(title.count, texts.map { TerminalText($0).width }.max() ?? 0))
                guard rest >= min(wanted, 8) + 2 else { return 0 }
                let taken = min(wanted, rest - 2)
                rest -= taken + 2
                return taken
            }
            self.model = take(statuses.map(\.modelName), "MODEL", most: min(28, max(8, width / 4)))
            // Why something failed is worth more than the run's id.
            self.run = width < 90 ? 0 : take(statuses.map(WatchFrame.run), "RUN", most: min(24, max(8, width / 6)))
            self.detail = rest >= 12 ? rest - 2 : 0
            var titles = [
                TerminalText("ROLLOUT").fitted(to: WatchFrame.idWidth),
                TerminalText("PHASE").fitted(to: WatchFrame.phaseWidth),
                WatchFrame.right("SINCE", WatchFrame.timeWidth),
            ]
            if self.hasTotal { titles.append(WatchFrame.right("TOTAL", WatchFrame.timeWidth)) }
            if self.model > 0 { titles.append(TerminalText("MODEL").fitted(to: self.model)) }
            if self.run > 0 { titles.append(TerminalText("RUN").fitted(to: self.run)) }
            if self.detail > 0 { titles.append("DETAIL") }
            self.head = TerminalText(titles.joined(separator: WatchFrame.gap)).cut(to: width).text
        }
    }

    /// Colours by meaning, as SGR parameters.
    fileprivate enum Style: String {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case magenta = "35"
        case cyan = "36"

        init(of status: StatusEvent) {
            switch status.phase {
            case .deployed: self = .green
            case .failed: self = .red
            case .skipped, .superseded: self = .dim
            case .waiting: self = .yellow
            case .accepted, .queued: self = .plain
            case .registering, .building, .deploying, .verifying: self = .cyan
            case nil: self = .magenta
            }
        }
    }

    private func styled(_ text: String, _ style: Style) -> String {
        guard self.allowsColour, style != .plain else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}

/// Redraws lines in place on a terminal, with plain ANSI sequences.
struct WatchScreen: Sendable {
    private var drawnLines = 0
    private var drawnWidth = 0

    /// Hides the cursor; written once before the first frame.
    static let begin = "\u{1B}[?25l"
    /// Shows the cursor again; written once after the last frame.
    static let end = "\u{1B}[?25h"

    /// Returns what to write so that `lines` stand where the last frame stood.
    ///
    /// After a change of the width the old lines may have been wrapped, so that nobody knows where they stand: then the
    /// screen is cleared.
    mutating func draw(_ lines: [String], width: Int) -> String {
        var text = ""
        if self.drawnLines > 0 {
            text = width == self.drawnWidth ? "\r\u{1B}[\(self.drawnLines)A" : "\u{1B}[H\u{1B}[2J"
        }
        for line in lines { text += "\u{1B}[2K\(line)\r\n" }
        text += "\u{1B}[J"
        self.drawnLines = lines.count
        self.drawnWidth = width
        return text
    }
}
