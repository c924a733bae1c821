// SPDX-License-Identifier: Apache-2.0

import Values

/// A question whose answer many rollouts share.
enum SharedQuestion: Hashable, Sendable {
    case project(String)
    case projectNamed(String)
    case experiment(project: String, String)
    case experimentNamed(project: String, String)
    case runtime(String)
}

extension APICall {
    /// The question, where its answer is the same for every rollout that asks it.
    var sharedQuestion: SharedQuestion? {
        switch self {
        case .findProject(let name): .projectNamed(name)
        case .readProject(let project): .project(project)
        case .findExperiment(let project, let name): .experimentNamed(project: project, name)
        case .readExperiment(let project, let experiment): .experiment(project: project, experiment)
        case .findRuntime(let choice): .runtime(choice.summary)
        default: nil
        }
    }
}

/// What the workbench has said of projects, experiments and runtimes within the last minute, and who waits for it to say so.
///
/// So each costs one read a minute, however many events name it. Only what is there is kept: what is not found is asked for
/// again by the next rollout.
struct SharedAnswers: Sendable {
    /// For how long an answer counts.
    static let lifetime = Span.seconds(60)
    /// For how long it may end a rollout: what was renamed or made anew since is asked for again.
    static let decisive = Span.seconds(5)
    /// Answers that are kept at most, the newest.
    static let limit = 1_000

    private var answers: [SharedQuestion: (result: CallResult, since: MonotonicTime, until: MonotonicTime)] = [:]
    private var order = FIFO<(question: SharedQuestion, until: MonotonicTime)>()
    /// Rollouts that wait for an answer which another one has asked for.
    private var waiting: [SharedQuestion: [RolloutID]] = [:]

    /// Answers that are kept.
    var count: Int { self.answers.count }

    /// Looks for the answer to a call.
    ///
    /// - Parameters:
    ///   - call: The call.
    ///   - time: How new it must be; `nil` for any.
    ///   - now: The time.
    /// - Returns: The answer, while it counts, and when it came.
    func answer(
        to call: APICall,
        notBefore time: MonotonicTime?,
        now: MonotonicTime
    ) -> (result: CallResult, since: MonotonicTime)? {
        guard let question = call.sharedQuestion, let known = self.answers[question], now < known.until else {
            return nil
        }
        if let time, known.since < time { return nil }
        return (known.result, known.since)
    }

    /// A call was answered.
    mutating func learn(_ call: APICall, _ result: CallResult, now: MonotonicTime) {
        guard let question = call.sharedQuestion, result.answers(question) else { return }
        let until = now + Self.lifetime
        self.answers[question] = (result, now, until)
        self.order.append((question, until))
        while let oldest = self.order.first, oldest.until <= now || self.answers.count > Self.limit {
            _ = self.order.popFirst()
            // One that was learnt again since stands further behind.
            if self.answers[oldest.question]?.until == oldest.until { self.answers[oldest.question] = nil }
        }
    }

    /// A call is under way: who asks the same meanwhile waits for it.
    mutating func begin(_ call: APICall) {
        guard let question = call.sharedQuestion, self.waiting[question] == nil else { return }
        self.waiting[question] = []
    }

    /// Whether the question of a call is being asked.
    func isUnderWay(_ call: APICall) -> Bool { call.sharedQuestion.map { self.waiting[$0] != nil } ?? false }

    /// Lets a rollout wait for a call that is under way.
    ///
    /// - Returns: Whether there is one.
    mutating func joins(_ id: RolloutID, _ call: APICall) -> Bool {
        guard let question = call.sharedQuestion, self.waiting[question] != nil else { return false }
        self.waiting[question]?.append(id)
        return true
    }

    /// A call has ended, well or not.
    ///
    /// - Returns: Who has waited for it.
    mutating func end(_ call: APICall) -> [RolloutID] {
        call.sharedQuestion.flatMap { self.waiting.removeValue(forKey: $0) } ?? []
    }
}

extension CallResult {
    /// Whether it names the one thing that was asked for, so that others may go by it.
    ///
    /// Somebody in between may answer one question with the answer to another, which must harm nobody else.
    fileprivate func answers(_ question: SharedQuestion) -> Bool {
        switch (question, self) {
        case (.project(let id), .projects(let projects)):
            projects.count == 1 && projects[0].id == id && !projects[0].name.isEmpty
        case (.projectNamed(let name), .projects(let projects)):
            projects.count == 1 && projects[0].name == name && !projects[0].id.isEmpty
        case (.experiment(_, let id), .experiments(let experiments)):
            experiments.count == 1 && experiments[0].id == id && !experiments[0].name.isEmpty
        case (.experimentNamed(_, let name), .experiments(let experiments)):
            experiments.count == 1 && experiments[0].name == name && !experiments[0].id.isEmpty
        case (.runtime, .runtime(let identifier)): identifier != nil
        default: false
        }
    }
}
