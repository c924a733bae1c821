// SPDX-License-Identifier: Apache-2.0

/// What an event asks for, kept with its plan until the run is known: then the routes decide again, on facts.
///
/// What the event says of the run stands in the plan, and what names the event in the rollout's state.
package struct Claim: Codable, Sendable, Equatable {
    /// State of the run as the event says it.
    package var status: String?
    /// CloudEvents `subject`, which templates may use.
    package var subject: String?
    /// Wishes for the model.
    package var model: RunFinishedData.ModelWish
    /// Wishes for the build.
    package var build: RunFinishedData.BuildWish
    /// Wishes for the deployment.
    package var deployment: RunFinishedData.DeploymentWish
    /// What the event says beyond that: the rollout's first status tells it.
    package var unknownFields: [UnknownField]

    /// Takes what an event asks for; `nil` where it leaves everything to its route.
    package init?(_ event: RunFinishedEvent) {
        self.status = event.data.status
        self.subject = event.subject
        self.model = event.data.model
        self.build = event.data.build
        self.deployment = event.data.deployment
        self.unknownFields = event.data.unknownFields
        guard self != Claim() else { return nil }
    }

    /// A claim that asks for nothing.
    package init() {
        self.model = RunFinishedData.ModelWish()
        self.build = RunFinishedData.BuildWish()
        self.deployment = RunFinishedData.DeploymentWish()
        self.unknownFields = []
    }
}

/// Decides what is done for a rollout once the workbench has said where its run lies.
package protocol PlanDecider: Sendable {
    /// Decides again what intake has decided by the event's word alone.
    ///
    /// - Parameters:
    ///   - state: The rollout, with what its event asks for.
    ///   - place: Where its run lies.
    /// - Returns: The decision; the run of its plan is named by facts.
    func decide(_ state: RolloutState, on place: RunPlace) -> RouteDecision

    /// Quotas by the names of their routes; nothing for routes without one.
    var quotas: [String: Route.Quota] { get }

    /// Routes with a quota of which one may turn out to be that of an event whose route is open.
    ///
    /// - Parameter state: Its rollout.
    /// - Returns: Their names, in a fixed order.
    func bounded(for state: RolloutState) -> [String]
}

extension PlanDecider {
    package var quotas: [String: Route.Quota] { [:] }

    package func bounded(for state: RolloutState) -> [String] { self.quotas.keys.sorted() }

    /// Routes that bound how much they take in an hour.
    package var hourlyRoutes: Set<String> { Set(self.quotas.filter { $0.value.acceptedPerHour != nil }.keys) }
}

extension Routes: PlanDecider {
    package var quotas: [String: Route.Quota] {
        let limited = self.rules.filter { $0.quota != Route.Quota() }.map { ($0.name, $0.quota) }
        return Dictionary(limited) { first, _ in first }
    }

    package func bounded(for state: RolloutState) -> [String] {
        self.rules.lazy.filter { $0.quota.holdsIntake && $0.match.mayFit(state) }.map(\.name)
    }

    package func decide(_ state: RolloutState, on place: RunPlace) -> RouteDecision {
        let claim = state.plan.claim ?? Claim()
        let event = RunFinishedEvent(
            source: state.event.source,
            id: state.event.id,
            time: state.event.time,
            subject: claim.subject,
            data: RunFinishedData(
                run: place.reference(runID: state.plan.run.runID),
                status: claim.status,
                model: claim.model,
                build: claim.build,
                deployment: claim.deployment
            ),
            replay: state.replay,
            // A CloudEvent has a source, and a plain event none.
            isCloudEvent: !state.event.source.isEmpty,
            origin: state.origin
        )
        return self.decide(event, by: .facts)
    }
}
