// SPDX-License-Identifier: Apache-2.0

import Values

/// What the routes say to one event.
package enum RouteDecision: Sendable, Equatable {
    /// Go on with this plan.
    case plan(RolloutPlan)
    /// The event is not wanted; the plan is as far as it is known, for journal and status.
    case skip(Cause, RolloutPlan)
    /// The event can't be served; the plan is as far as it is known, for journal and status.
    case fail(Cause, RolloutPlan)
}

/// The routes file: ordered rules, of which the first that matches an event decides.
package struct Routes: Sendable, Equatable {
    /// The rules.
    package var rules: [Route]

    /// Creates routes.
    package init(_ rules: [Route]) { self.rules = rules }

    /// Decides what is done for an event.
    ///
    /// A rule sees only what the event says. An event whose run has not finished, and which would otherwise match, is
    /// skipped as `runNotFinished`, one that no rule takes as `noRoute`.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - defaultProjectID: The project of an event that names none; `nil` where none is configured.
    /// - Returns: The decision.
    package func decide(_ event: RunFinishedEvent, defaultProjectID: String?) -> RouteDecision {
        var event = event
        if event.data.run.projectID == nil, event.data.run.projectName == nil {
            event.data.run.projectID = defaultProjectID
        }
        let status = RunStatusWord.normalised(event.data.status ?? RunStatusWord.finished)
        var isUnfinished = false
        for rule in self.rules where rule.match.fits(event) {
            if rule.match.statuses.contains(status) { return rule.decide(event) }
            isUnfinished = true
        }
        let plan = RolloutPlan(knownOf: event)
        guard isUnfinished else { return .skip(Cause(.noRoute, "no route matches the event"), plan) }
        return .skip(Cause(.runNotFinished, "the event says that the run is in state \(status)"), plan)
    }
}

extension Route.Match {
    /// Whether all but the state fits.
    fileprivate func fits(_ event: RunFinishedEvent) -> Bool {
        let run = event.data.run
        return (self.projects.isEmpty || self.projects.matchesAny(of: run.projectID, run.projectName))
            && (self.experiments.isEmpty || self.experiments.matchesAny(of: run.experimentID, run.experimentName))
            && (self.sources.isEmpty || (event.isCloudEvent && self.sources.matchesAny(of: event.source)))
    }
}

/// Why a route refuses an event that it takes.
private struct Refusal: Error {
    let cause: Cause

    init(_ class: CauseClass, _ message: String) { self.cause = Cause(`class`, message) }
}

extension Route {
    fileprivate func decide(_ event: RunFinishedEvent) -> RouteDecision {
        var plan = RolloutPlan(knownOf: event)
        plan.route = self.name
        do throws(Refusal) {
            guard event.data.run.projectID != nil || event.data.run.projectName != nil else {
                throw Refusal(.projectNotFound, "the event names no project, and workbench.projectId is not set")
            }
            switch try self.modelName(for: event) {
            case .certain(let name): plan.modelName = name
            case .pending(let naming): plan.naming = naming
            }
            try self.checkLimits(event)
            self.complete(&plan, event)
            return .plan(plan)
        } catch {
            return .fail(error.cause, plan)
        }
    }

    /// What an event lets say of its model's name.
    private enum Naming {
        case certain(String)
        /// Its template needs facts of the run.
        case pending(PendingName)
    }

    private func modelName(for event: RunFinishedEvent) throws(Refusal) -> Naming {
        let name: String
        if let wish = event.data.model.name {
            name = wish
        } else if let template = self.modelName {
            do throws(ModelNameTemplate.Missing) {
                name = try template.name { $0.text(in: event) }
            } catch {
                guard !error.fields.contains(where: \.isFact) else {
                    return .pending(PendingName(template: template.text, subject: event.subject))
                }
                let fields = error.fields.map(\.rawValue).joined(separator: " or ")
                throw Refusal(.invalidName, "the route's model name needs \(fields), which the event does not give")
            }
        } else {
            throw Refusal(.invalidName, "neither the event nor route '\(self.name)' names the model")
        }
        if let problem = ModelName.problem(in: name) { throw Refusal(.invalidName, problem) }
        return .certain(name)
    }

    /// Refuses wishes beyond the limits; what the route itself gives is always allowed.
    private func checkLimits(_ event: RunFinishedEvent) throws(Refusal) {
        let wish = event.data.deployment
        try self.check("cpu", wish.cpu, limit: self.limits.cpu, own: self.deployment.cpu)
        try self.check("memoryGB", wish.memoryGB, limit: self.limits.memoryGB, own: self.deployment.memoryGB)
        try self.check("gpus", wish.gpus, limit: self.limits.gpus, own: self.deployment.gpus)
        try self.check("replicas", wish.replicas, limit: self.limits.replicas, own: self.deployment.replicas)
        for name in wish.environment.keys.sorted() {
            try self.check("environment variable \(name)", name, self.limits.environment)
        }
        try self.check("the model's name", event.data.model.name, self.limits.modelNames)
        try self.check("the build's runtime", event.data.build.runtime, self.limits.runtimes)
    }

    private func check<Number: Comparable>(
        _ field: String,
        _ wish: Number?,
        limit: Number,
        own: Number
    ) throws(Refusal) {
        let limit = max(limit, own)
        guard let wish, wish > limit else { return }
        throw Refusal(
            .overLimit,
            "the event asks for deployment.\(field) \(wish), route '\(self.name)' allows \(limit)"
        )
    }

    private func check(_ subject: String, _ wish: String?, _ allowed: [Glob]) throws(Refusal) {
        guard let wish, !allowed.matchesAny(of: wish) else { return }
        throw Refusal(.overLimit, "the event chooses \(subject), which route '\(self.name)' does not allow")
    }

    private func complete(_ plan: inout RolloutPlan, _ event: RunFinishedEvent) {
        let data = event.data
        plan.artifactPath = data.model.artifactPath ?? self.artifactPath
        plan.modelDescription = data.model.description ?? self.modelDescription
        plan.disableAuthentication = self.disableAuthentication
        plan.runtime = data.build.runtime.map { .identifier($0) } ?? self.runtime
        plan.buildComment = data.build.comment ?? ""
        plan.deployment = DeploymentSize(
            cpu: data.deployment.cpu ?? self.deployment.cpu,
            memoryGB: data.deployment.memoryGB ?? self.deployment.memoryGB,
            gpus: data.deployment.gpus ?? self.deployment.gpus,
            replicas: data.deployment.replicas ?? self.deployment.replicas,
            environment: self.deployment.environment.merging(data.deployment.environment) { $1 }
        )
        plan.gates = self.gates
        plan.queue = self.queue
        plan.deadlines = self.deadlines
        plan.verification = self.verification
    }
}

extension RolloutPlan {
    /// What is known of an event's plan without a route.
    fileprivate init(knownOf event: RunFinishedEvent) {
        self.init(
            route: "",
            run: event.data.run,
            // Not checked yet: bounded, so that it can't make a record too large.
            modelName: (event.data.model.name ?? "").cut(toBytes: 100),
            artifactPath: event.data.model.artifactPath ?? "",
            runtime: .identifier(event.data.build.runtime ?? "")
        )
    }
}

extension ModelNameTemplate.Field {
    /// Whether the run's own facts give it where the event does not.
    fileprivate var isFact: Bool {
        switch self {
        case .projectId, .experimentId, .runId: true
        case .projectName, .experimentName, .subject: false
        }
    }

    fileprivate func text(in event: RunFinishedEvent) -> String? {
        switch self {
        case .projectId: event.data.run.projectID
        case .projectName: event.data.run.projectName
        case .experimentId: event.data.run.experimentID
        case .experimentName: event.data.run.experimentName
        case .runId: event.data.run.runID
        case .subject: event.subject
        }
    }
}

extension PendingName {
    /// Says the name, now that the run is known.
    ///
    /// - Throws: `NamingFailure`, of class `invalidName`, where it can't be said or can't be a model's.
    func name(of run: ResolvedRun, as reference: RunReference) throws(NamingFailure) -> String {
        let name: String
        do {
            name = try ModelNameTemplate(self.template).name { field in
                switch field {
                case .projectId: run.projectID
                case .projectName: reference.projectName
                case .experimentId: run.experimentID
                case .experimentName: reference.experimentName
                case .runId: run.runID
                case .subject: self.subject
                }
            }
        } catch {
            throw NamingFailure(cause: Cause(.invalidName, "the template '\(self.template)' gives no name for the run"))
        }
        if let problem = ModelName.problem(in: name) { throw NamingFailure(cause: Cause(.invalidName, problem)) }
        return name
    }
}

/// Why a run's facts give its model no name.
struct NamingFailure: Error {
    let cause: Cause
}
