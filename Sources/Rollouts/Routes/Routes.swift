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
    /// skipped as `runNotFinished`, one that no rule takes as `noRoute`. Where a rule asks for names and the event gives only
    /// an id, or the other way round, nobody knows yet whether it matches: then the event goes on without a route, and
    /// facts decide.
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
        return self.decide(event, by: .claims)
    }

    /// By what a decision is made.
    enum Basis {
        /// By what the event says.
        case claims
        /// By what the workbench says; only the run itself may not be known yet.
        case facts
    }

    func decide(_ event: RunFinishedEvent, by basis: Basis) -> RouteDecision {
        let status = RunStatusWord.normalised(event.data.status ?? RunStatusWord.finished)
        var isUnfinished = false
        let rules = self.rules.span
        for index in rules.indices {
            let fit = rules[index].match.fit(event, by: basis)
            guard fit != .no else { continue }
            guard rules[index].match.statuses.contains(status) else {
                isUnfinished = true
                continue
            }
            guard fit == .yes else { return Self.undecided(event) }
            return rules[index].decide(event, by: basis)
        }
        let plan = RolloutPlan(knownOf: event)
        guard isUnfinished else { return .skip(Cause(.noRoute, basis.noRoute(event.data.run)), plan) }
        return .skip(Cause(.runNotFinished, "the event says that the run is in state \(status)"), plan)
    }
}

extension Routes {
    /// What is done for an event until facts say which rule it is for: only what ends it by every rule ends it now.
    private static func undecided(_ event: RunFinishedEvent) -> RouteDecision {
        var plan = RolloutPlan(knownOf: event)
        do throws(Refusal) {
            try Route.checkProject(of: event)
            guard let name = event.data.model.name else { return .plan(plan) }
            if let problem = ModelName.problem(in: name) { throw Refusal(.invalidName, problem) }
            plan.modelName = name
            return .plan(plan)
        } catch {
            return .fail(error.cause, plan)
        }
    }
}

extension Routes.Basis {
    /// Says that no route matches.
    fileprivate func noRoute(_ run: RunReference) -> String {
        switch self {
        case .claims: return "no route matches the event"
        case .facts:
            let project = "project '\(run.projectID ?? "")' ('\(run.projectName ?? "")')"
            let experiment = "experiment '\(run.experimentID ?? "")' ('\(run.experimentName ?? "")')"
            return "no route matches the run as the workbench has it: \(project), \(experiment)"
        }
    }
}

extension Route.Match {
    /// Whether a rule matches an event.
    fileprivate enum Fit {
        case yes, no
        /// It hangs on what the event does not say, and the workbench will.
        case uncertain
    }

    /// Whether all but the state fits.
    fileprivate func fit(_ event: RunFinishedEvent, by basis: Routes.Basis) -> Fit {
        guard self.sources.isEmpty || (event.isCloudEvent && self.sources.matchesAny(of: event.source)) else {
            return .no
        }
        return self.fit(event.data.run, topic: event.origin.topic, by: basis)
    }

    private func fit(_ run: RunReference, topic: String, by basis: Routes.Basis) -> Fit {
        guard self.topics.isEmpty || self.topics.matchesAny(of: topic) else { return .no }
        let fits = [
            Self.fit(self.projects, run.projectID, run.projectName, basis),
            Self.fit(self.experiments, run.experimentID, run.experimentName, basis),
        ]
        if fits.contains(.no) { return .no }
        return fits.contains(.uncertain) ? .uncertain : .yes
    }

    /// Whether an event whose route is open may turn out to be the rule's.
    func mayFit(_ state: RolloutState) -> Bool {
        // A CloudEvent has a source, and a plain event none.
        let source = state.event.source
        guard self.sources.isEmpty || (!source.isEmpty && self.sources.matchesAny(of: source)) else { return false }
        let status = RunStatusWord.normalised(state.plan.claim?.status ?? RunStatusWord.finished)
        guard self.statuses.contains(status) else { return false }
        return self.fit(state.plan.run, topic: state.origin.topic, by: .claims) != .no
    }

    private static func fit(_ patterns: [Glob], _ id: String?, _ name: String?, _ basis: Routes.Basis) -> Fit {
        if patterns.isEmpty || patterns.matchesAny(of: id, or: name) { return .yes }
        return basis == .claims && (id == nil) != (name == nil) ? .uncertain : .no
    }
}

/// Why a route refuses an event that it takes.
private struct Refusal: Error {
    let cause: Cause

    init(_ class: CauseClass, _ message: String) { self.cause = Cause(`class`, message) }

    init(_ cause: Cause) { self.cause = cause }
}

extension Route {
    fileprivate func decide(_ event: RunFinishedEvent, by basis: Routes.Basis) -> RouteDecision {
        var plan = RolloutPlan(knownOf: event)
        plan.route = self.name
        do throws(Refusal) {
            try Self.checkProject(of: event)
            if basis == .facts, let cause = self.objection(toProjectOf: event.data.run) { throw Refusal(cause) }
            switch try self.modelName(for: event, by: basis) {
            case .certain(let name):
                plan.modelName = name
                if let cause = self.limits.objection(toModelName: name, route: self.name) { throw Refusal(cause) }
            case .pending(let naming): plan.naming = naming
            }
            try self.checkLimits(event)
            self.complete(&plan, event)
            plan.limits = self.limits == Limits() ? nil : self.limits
            plan.registry = self.registryName.map { RegistryNaming(template: $0.text) }
            return .plan(plan)
        } catch {
            return .fail(error.cause, plan)
        }
    }

    fileprivate static func checkProject(of event: RunFinishedEvent) throws(Refusal) {
        guard event.data.run.projectID != nil || event.data.run.projectName != nil else {
            throw Refusal(.projectNotFound, "the event names no project, and workbench.projectId is not set")
        }
    }

    /// Why runs of a project are not the route's to deploy; `nil` where they are.
    private func objection(toProjectOf run: RunReference) -> Cause? {
        guard let projects = self.projects, !projects.matchesAny(of: run.projectID, or: run.projectName) else {
            return nil
        }
        let project = "project '\(run.projectID ?? "")' ('\(run.projectName ?? "")')"
        let allowed = projects.prefix(5).map(\.pattern).joined(separator: ", ")
        return Cause(
            .projectNotAllowed,
            "the run is of \(project), route '\(self.name)' allows \(allowed.cut(toBytes: 200))"
        )
    }

    /// What an event lets say of its model's name.
    private enum Naming {
        case certain(String)
        /// Its template needs facts of the run.
        case pending(PendingName)
    }

    private func modelName(for event: RunFinishedEvent, by basis: Routes.Basis) throws(Refusal) -> Naming {
        let name: String
        if let wish = event.data.model.name {
            name = wish
        } else if let template = self.modelName {
            let pending = Naming.pending(PendingName(template: template.text, subject: event.subject))
            do throws(ModelNameTemplate.Missing) {
                // Of the fields that a part may take, facts may have one that stands before the event's.
                guard basis == .facts || template.isCertain(by: { $0.text(in: event) }) else { return pending }
                name = try template.name { $0.text(in: event) }
            } catch {
                guard !error.fields.contains(where: { $0.comesLater(than: basis) }) else { return pending }
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
        self.claim = Claim(event)
    }
}

extension ModelNameTemplate.Field {
    /// Whether it is known later where a decision does not know it: the workbench says all but the subject, the run's id last.
    fileprivate func comesLater(than basis: Routes.Basis) -> Bool {
        switch self {
        case .projectId, .experimentId, .projectName, .experimentName: basis == .claims
        case .runId: true
        case .subject, .model: false
        }
    }

    fileprivate func text(in event: RunFinishedEvent) -> String? {
        self == .subject ? event.subject : self.text(in: event.data.run)
    }

    fileprivate func text(in run: RunReference) -> String? {
        switch self {
        case .projectId: run.projectID
        case .projectName: run.projectName
        case .experimentId: run.experimentID
        case .experimentName: run.experimentName
        case .runId: run.runID
        case .subject, .model: nil
        }
    }
}

extension Route.Limits {
    /// Why a model must not be called so, whoever has named it; `nil` where it may.
    fileprivate func objection(toModelName name: String, route: String) -> Cause? {
        guard !self.modelNames.matchesAny(of: name) else { return nil }
        let allowed =
            self.modelNames.isEmpty ? "none" : self.modelNames.prefix(5).map(\.pattern).joined(separator: ", ")
        return Cause(.overLimit, "the model's name is '\(name)', route '\(route)' allows \(allowed.cut(toBytes: 200))")
    }
}

extension RolloutPlan {
    /// Names the model, now that the run is known, where that was pending; the name is held against the route's limits.
    ///
    /// - Parameter run: The run, and where it lies, as the workbench says it.
    /// - Throws: `NamingFailure` where it can't be named, or must not be called so.
    mutating func nameModel(of run: RunReference) throws(NamingFailure) {
        guard let naming = self.naming else { return }
        let name: String
        do {
            name = try ModelNameTemplate(naming.template).name {
                $0.text(in: run) ?? ($0 == .subject ? naming.subject : nil)
            }
        } catch {
            let message = "the template '\(naming.template)' gives no name for the run"
            throw NamingFailure(cause: Cause(.invalidName, message))
        }
        if let problem = ModelName.problem(in: name) { throw NamingFailure(cause: Cause(.invalidName, problem)) }
        if let cause = (self.limits ?? Route.Limits()).objection(toModelName: name, route: self.route) {
            throw NamingFailure(cause: cause)
        }
        self.modelName = name
    }
}

extension RolloutPlan {
    /// Names the registered model, where that has another name than the model.
    ///
    /// - Parameter run: The run, and where it lies, as the workbench says it.
    /// - Throws: `NamingFailure` where it can't be named.
    mutating func nameRegistry(of run: RunReference) throws(NamingFailure) {
        guard let naming = self.registry else { return }
        let model = self.modelName
        do {
            let fields = ModelNameTemplate.Field.ofRegisteredModels
            let name = try ModelNameTemplate(naming.template, fields: fields).name {
                $0 == .model ? model : $0.text(in: run)
            }
            self.registry?.name = name
        } catch {
            let message = "the template '\(naming.template)' gives the registered model no name"
            throw NamingFailure(cause: Cause(.invalidName, message))
        }
        if let problem = ModelName.registryProblem(in: self.registeredName) {
            throw NamingFailure(cause: Cause(.invalidName, "of the registered model: \(problem)"))
        }
    }
}

/// Why a run's facts give its model no name.
struct NamingFailure: Error {
    let cause: Cause
}
