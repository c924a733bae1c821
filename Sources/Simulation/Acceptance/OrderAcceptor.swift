// SPDX-License-Identifier: Apache-2.0

/// What the ports of one process may answer to orders that have answers of their own: each once, and with what is true.
struct OrderAcceptor {
    /// An order that is not answered yet.
    private enum Question: Hashable {
        case locate(PortTrace.Lease)
        case restore(PortTrace.Lease)
        case ends, topicStarts, rebuild
    }

    /// Moments of the orders, by what they ask; the same thing can be asked again before it is answered.
    private var asked: [Question: [Int64]] = [:]
    private var commits: [UInt64: (at: Int64, writes: PortTrace.Writes)] = [:]
    private var requests: Set<UInt64> = []
    /// Requests that may be kept back.
    private var keepable: Set<UInt64> = []

    /// Takes the next line.
    ///
    /// - Returns: Why it can't be.
    mutating func take(_ line: PortTrace.Line, _ history: TraceHistory) -> [String] {
        switch line.event {
        case .locate(let lease): self.ask(.locate(lease), line.at)
        case .restore(let lease): self.ask(.restore(lease), line.at)
        case .askEnds: self.ask(.ends, line.at)
        case .readTopicStarts: self.ask(.topicStarts, line.at)
        case .rebuildProducer: self.ask(.rebuild, line.at)
        case .commit(let number, let writes): self.commits[number] = (line.at, writes)
        case .start(let numbers, let limited):
            self.requests.formUnion(numbers)
            self.keepable.formUnion(limited)
        case .cancel(let numbers): self.keepable.formUnion(numbers)
        case .locatingFailed(let lease): return self.answer(.locate(lease)) { _ in [] }
        case .restoreFailed(let lease, _): return self.answer(.restore(lease)) { _ in [] }
        case .ends: return self.answer(.ends) { _ in [] }
        case .heldBack(let lease):
            return self.asked[.restore(lease)]?.first == nil ? ["held back where nothing is read: \(lease)"] : []
        case .topicStarts: return self.answer(.topicStarts) { _ in [] }
        case .producerReady, .producerFailed: return self.answer(.rebuild) { _ in [] }
        case .located(let lease, let committed):
            return self.answer(.locate(lease)) {
                Self.judge(committed, of: lease.partition, $0, line.at, history)
            }
        case .restored(let lease, let snapshot):
            return self.answer(.restore(lease)) {
                Self.judge(snapshot.committed, of: lease.partition, $0, line.at, history)
                    + Self.judge(snapshot.rollouts, of: lease.partition, $0, line.at, history)
            }
        case .ended(let number, let outcome): return self.ended(number, outcome, history)
        case .answered(let numbers, let notStarted): return self.answered(numbers, notStarted)
        default: break
        }
        return []
    }

    private mutating func ask(_ question: Question, _ at: Int64) { self.asked[question, default: []].append(at) }

    /// Judges an answer by the moment at which it was asked for.
    private mutating func answer(_ question: Question, _ judge: (Int64) -> [String]) -> [String] {
        guard let asked = self.asked[question]?.first else { return ["an answer that nobody asked for: \(question)"] }
        self.asked[question]?.removeFirst()
        return judge(asked)
    }

    // MARK: What is found

    private static func judge(
        _ committed: Int64?,
        of partition: String,
        _ asked: Int64,
        _ told: Int64,
        _ history: TraceHistory
    ) -> [String] {
        let possible = history.offsets[partition]?.visible(asked, told, nothing: nil) ?? [nil]
        guard !possible.contains(committed) else { return [] }
        return ["\(partition) is said to be committed up to \(Self.text(committed)), not \(Self.list(possible))"]
    }

    private static func judge(
        _ rollouts: [String: String],
        of partition: String,
        _ asked: Int64,
        _ told: Int64,
        _ history: TraceHistory
    ) -> [String] {
        let written = history.rollouts[partition] ?? [:]
        var objections = rollouts.keys.filter { written[$0] == nil }.sorted().map {
            "the journal of \(partition) is said to have rollout \($0), which nobody wrote"
        }
        for (id, writes) in written.sorted(by: { $0.key < $1.key }) {
            let possible = writes.visible(asked, told, nothing: "")
            let found = rollouts[id] ?? ""
            guard !possible.contains(found) else { continue }
            let words = "the journal of \(partition) is said to have rollout \(id) at '\(found)'"
            objections.append("\(words), not \(possible.map { "'\($0)'" }.sorted().joined(separator: " or "))")
        }
        return objections
    }

    private static func text(_ offset: Int64?) -> String { offset.map { String($0) } ?? "nothing" }

    private static func list(_ offsets: Set<Int64?>) -> String {
        offsets.map { Self.text($0) }.sorted().joined(separator: " or ")
    }

    // MARK: What has ended

    private mutating func ended(
        _ number: UInt64,
        _ outcome: PortTrace.Outcome,
        _ history: TraceHistory
    ) -> [String] {
        guard let (ordered, writes) = self.commits.removeValue(forKey: number) else {
            return ["transaction \(number) has ended, and is not under way"]
        }
        let newest = history.generation(before: ordered)
        guard outcome == .committed, writes.membership.generation < newest else { return [] }
        return [
            "transaction \(number) is committed by generation \(writes.membership.generation), after \(newest) had begun"
        ]
    }

    private mutating func answered(_ numbers: [UInt64], _ notStarted: [UInt64]) -> [String] {
        var objections = numbers.filter { self.requests.remove($0) == nil }.map {
            "request \($0) is answered, and is not under way"
        }
        objections += notStarted.filter { !self.keepable.contains($0) }.map {
            "request \($0) was not begun, and neither had a limit nor was taken back"
        }
        return objections
    }
}
