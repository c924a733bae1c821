// SPDX-License-Identifier: Apache-2.0

import Values

/// Things that exist, so that a probe can ask for what lies below them.
package struct ProbePlace: Sendable, Equatable {
    /// The project.
    package var projectID: String
    /// An experiment of it.
    package var experimentID: String?
    /// A model of it.
    package var modelID: String?
    /// A build of the model.
    package var buildID: String?

    /// Creates a place.
    package init(projectID: String, experimentID: String? = nil, modelID: String? = nil, buildID: String? = nil) {
        self.projectID = projectID
        self.experimentID = experimentID
        self.modelID = modelID
        self.buildID = buildID
    }

    /// Where a rollout has come to; `nil` where it knows no project yet.
    init?(_ rollout: Rollout) {
        let reference = rollout.reference
        guard let project = rollout.state.run?.projectID ?? reference.projectID else { return nil }
        self.init(rollout.state, projectID: project, experimentID: reference.experimentID)
    }

    /// Where a rollout had come to; `nil` where it knew no project.
    init?(_ state: RolloutState) {
        guard let project = state.run?.projectID else { return nil }
        self.init(state, projectID: project, experimentID: nil)
    }

    private init(_ state: RolloutState, projectID: String, experimentID: String?) {
        let made = state.made
        self.init(
            projectID: projectID,
            experimentID: state.run?.experimentID ?? experimentID,
            modelID: made.modelID,
            buildID: made.modelID == nil ? nil : made.buildID
        )
    }
}

/// Where probes ask, and what their answers are worth.
///
/// A workbench may fail for one model's things alone, so that a probe asks for another model's first, and each time for
/// another's: it is the part that is judged, not the model.
struct Probing: Sendable {
    /// Where rollouts of two different models have come, for each component whose probe needs a place.
    private var known: [Component: [(subject: Subject, place: ProbePlace)]] = [:]
    /// Whose call has raised the suspicion, and which.
    private var suspects: [Component: (subject: Subject, call: String?, place: ProbePlace?)] = [:]
    /// Whether the model service has been seen to answer a probe.
    ///
    /// It is asked with a key that no model has, and nothing says how a service answers that: with a page, perhaps, or with 503.
    /// So an answer that is not its own proves nothing before such a one has been seen; that nobody answers proves enough.
    var knowsModelService = false
    private var nextLesson = MonotonicTime.zero

    /// A call has succeeded that shows where its component serves something.
    mutating func note(_ call: APICall, of rollout: Rollout, _ subject: Subject) {
        let component: Component
        switch call {
        // What an event claims is not known to exist.
        case .readRun, .newestRun:
            guard rollout.state.run != nil else { return }
            component = .experiments
        case .createBuild, .readBuild, .createDeployment, .readDeployment:
            guard rollout.state.made.buildID != nil else { return }
            component = .models
        default: return
        }
        guard self.known[component]?.first?.subject != subject, let place = ProbePlace(rollout) else { return }
        self.known[component, default: []].removeAll { $0.subject == subject }
        self.known[component, default: []].insert((subject, place), at: 0)
        if self.known[component, default: []].count > 2 { self.known[component]?.removeLast() }
    }

    /// A call has failed as if a component were down.
    ///
    /// - Parameters:
    ///   - component: What may be down.
    ///   - subject: Whose call it was.
    ///   - call: Its name, where the same one for another model may show that the component is up.
    ///   - place: Where it was made.
    mutating func suspect(_ component: Component, _ subject: Subject, call: String?, _ place: ProbePlace?) {
        self.suspects[component] = (subject, call, place)
    }

    /// Whose call has raised the suspicion; `nil` for nobody's.
    func subject(of component: Component) -> Subject? { self.suspects[component]?.subject }

    /// Which call has raised the suspicion; `nil` for none.
    func call(of component: Component) -> String? { self.suspects[component]?.call }

    /// Where the next probe asks.
    ///
    /// - Parameters:
    ///   - component: What it is about.
    ///   - round: How many probes have failed.
    /// - Returns: The place; `nil` where nothing is known that exists, or none is needed.
    func place(for component: Component, round: Int) -> ProbePlace? {
        switch component {
        case .workbench, .registry, .modelService: return nil
        case .experiments, .models: break
        }
        let suspect = self.suspects[component]
        let others = self.known[component, default: []].filter { $0.subject != suspect?.subject }.map(\.place)
        let places = others + [suspect?.place].compactMap(\.self)
        return places.isEmpty ? nil : places[round % places.count]
    }

    /// Whether the model service, which has just answered, is to be asked how it answers a probe.
    mutating func wantsLesson(now: MonotonicTime) -> Bool {
        guard !self.knowsModelService, self.nextLesson <= now else { return false }
        self.nextLesson = now + .seconds(60)
        return true
    }
}
