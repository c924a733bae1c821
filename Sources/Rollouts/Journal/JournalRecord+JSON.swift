// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

// Written by hand, read by `Decodable`: a third of the time that `JSONEncoder` needs, on the path of every step. The
// names are those of the properties; the round-trip tests hold both sides together.

extension RolloutState {
    /// Writes the fields of a journal record's body.
    ///
    /// - Parameters:
    ///   - writer: Takes the fields.
    ///   - digits: The id's, where the caller has them already.
    func write(to writer: inout JSONWriter, digits: [UInt8]? = nil) {
        writer.field("id", plain: digits ?? self.id.digits)
        writer.field("sequence", self.sequence)
        writer.field("phase", self.phase.rawValue)
        writer.field("step", self.step.rawValue)
        writer.field("partition", self.partition.rawValue)
        writer.object("origin") { writer in
            writer.field("topic", self.origin.topic)
            writer.field("partition", self.origin.partition.rawValue)
            writer.field("offset", self.origin.offset.rawValue)
        }
        writer.object("event") { writer in
            writer.field("id", self.event.id)
            writer.field("source", self.event.source)
            writer.field("time", self.event.time?.millisecondsSinceEpoch)
        }
        writer.object("plan") { self.plan.write(to: &$0) }
        writer.field("movedFrom", self.movedFrom?.rawValue)
        if let replay {
            writer.object("replay") { writer in
                writer.field("id", replay.id)
                writer.field("reason", replay.reason)
                writer.field("allowsRollback", replay.allowsRollback)
            }
        }
        writer.field("traceparent", self.traceparent)
        writer.field("acceptedAt", self.acceptedAt.millisecondsSinceEpoch)
        writer.field("phaseAt", self.phaseAt.millisecondsSinceEpoch)
        writer.field("previousPhase", self.previousPhase?.rawValue)
        writer.field("previousPhaseMilliseconds", self.previousPhaseMilliseconds)
        writer.field("stepAt", self.stepAt.millisecondsSinceEpoch)
        if let run { writer.object("run") { run.write(to: &$0) } }
        writer.object("made") { self.made.write(to: &$0) }
        writer.field("intent", self.intent?.rawValue)
        writer.field("nonce", self.nonce)
        writer.field("askedAt", self.askedAt?.millisecondsSinceEpoch)
        if let cause {
            writer.object("cause") { writer in
                writer.field("class", cause.class.rawValue)
                writer.field("message", cause.message)
                writer.field("httpStatus", cause.httpStatus)
            }
        }
        if let aftermath { writer.object("aftermath") { aftermath.write(to: &$0) } }
    }
}

extension Aftermath {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.array("doubts") { writer in
            for doubt in self.doubts {
                writer.object { writer in
                    writer.field("step", doubt.step.rawValue)
                    writer.field("from", doubt.from?.millisecondsSinceEpoch)
                    writer.field("until", doubt.until?.millisecondsSinceEpoch)
                }
            }
        }
        writer.write(self.orphans)
        writer.field("looks", self.looks)
        writer.field("isChanging", self.isChanging)
    }
}

extension JSONWriter {
    /// Writes the field `liveHolders` of a lane.
    fileprivate mutating func write(_ holders: [LiveHolder]) {
        self.array("liveHolders") { writer in
            for holder in holders {
                writer.object { writer in
                    writer.field("rollout", holder.rollout.description)
                    writer.field("replayID", holder.replayID)
                    writer.field("topic", holder.topic)
                }
            }
        }
    }

    /// Writes the field `orphans`, in a journal record and in a report alike.
    mutating func write(_ orphans: [Orphan]) {
        self.array("orphans") { writer in
            for orphan in orphans {
                writer.object { writer in
                    writer.field("kind", orphan.kind.rawValue)
                    writer.field("id", orphan.id)
                    writer.field("outcome", orphan.outcome.rawValue)
                }
            }
        }
    }
}

extension RolloutPlan {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("route", self.route)
        writer.object("run") { writer in
            writer.field("projectID", self.run.projectID)
            writer.field("projectName", self.run.projectName)
            writer.field("experimentID", self.run.experimentID)
            writer.field("experimentName", self.run.experimentName)
            writer.field("runID", self.run.runID)
        }
        writer.field("modelName", self.modelName)
        if let naming {
            writer.object("naming") { writer in
                writer.field("template", naming.template)
                writer.field("subject", naming.subject)
            }
        }
        if let registry { writer.object("registry") { registry.write(to: &$0) } }
        if let claim { writer.object("claim") { claim.write(to: &$0) } }
        if let limits { writer.object("limits") { limits.write(to: &$0) } }
        writer.field("artifactPath", self.artifactPath)
        writer.field("modelDescription", self.modelDescription)
        writer.field("disableAuthentication", self.disableAuthentication)
        writer.object("runtime") { self.runtime.write(to: &$0) }
        writer.field("buildComment", self.buildComment)
        writer.object("deployment") { writer in
            writer.field("cpu", self.deployment.cpu)
            writer.field("memoryGB", self.deployment.memoryGB)
            writer.field("gpus", self.deployment.gpus)
            writer.field("replicas", self.deployment.replicas)
            writer.texts("environment", self.deployment.environment)
        }
        writer.array("gates") { writer in
            for gate in self.gates { writer.object { gate.write(to: &$0) } }
        }
        writer.field("queue", self.queue.rawValue)
        writer.object("deadlines") { writer in
            writer.field("resolve", self.deadlines.resolve)
            writer.field("register", self.deadlines.register)
            writer.field("build", self.deadlines.build)
            writer.field("deploy", self.deadlines.deploy)
            writer.field("verify", self.deadlines.verify)
        }
        if let verification {
            writer.object("verification") { writer in
                writer.field("request", verification.request)
                writer.field("expect", verification.expect)
            }
        }
    }
}

extension RegistryNaming {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("template", self.template)
        writer.field("name", self.name)
    }
}

extension Claim {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("status", self.status)
        writer.field("subject", self.subject)
        writer.object("model") { writer in
            writer.field("name", self.model.name)
            writer.field("artifactPath", self.model.artifactPath)
            writer.field("description", self.model.description)
        }
        writer.object("build") { writer in
            writer.field("runtime", self.build.runtime)
            writer.field("comment", self.build.comment)
        }
        writer.object("deployment") { writer in
            writer.field("cpu", self.deployment.cpu)
            writer.field("memoryGB", self.deployment.memoryGB)
            writer.field("gpus", self.deployment.gpus)
            writer.field("replicas", self.deployment.replicas)
            writer.texts("environment", self.deployment.environment)
        }
        writer.array("unknownFields") { writer in
            for field in self.unknownFields {
                writer.object { writer in
                    writer.field("object", field.object)
                    writer.field("name", field.name)
                    writer.field("meant", field.meant)
                }
            }
        }
    }
}

extension Route.Limits {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("cpu", self.cpu)
        writer.field("memoryGB", self.memoryGB)
        writer.field("gpus", self.gpus)
        writer.field("replicas", self.replicas)
        for (name, globs) in [
            ("environment" as StaticString, self.environment), ("modelNames", self.modelNames),
            ("runtimes", self.runtimes),
        ] {
            writer.array(name) { writer in for glob in globs { writer.string(glob.pattern) } }
        }
    }
}

extension RuntimeChoice {
    /// The form that the compiler's own `Decodable` of an enum reads.
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .identifier(let identifier):
            writer.object("identifier") { $0.field("_0", identifier) }
        case .newest(let kernel, let edition, let editor):
            writer.object("newest") { writer in
                writer.field("kernel", kernel)
                writer.field("edition", edition)
                writer.field("editor", editor)
            }
        }
    }
}

extension Gate {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("source", self.source.rawValue)
        writer.field("key", self.key)
        writer.field("equals", self.equals)
        writer.field("minimum", self.minimum)
        writer.field("maximum", self.maximum)
        writer.field("betterThanDeployed", self.betterThanDeployed?.rawValue)
    }
}

extension MadeObjects {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("registeredModelID", self.registeredModelID)
        writer.field("versionID", self.versionID)
        writer.field("modelID", self.modelID)
        writer.field("runtimeIdentifier", self.runtimeIdentifier)
        writer.field("buildID", self.buildID)
        writer.field("deploymentID", self.deploymentID)
    }
}

extension ResolvedRun {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("projectID", self.projectID)
        writer.field("experimentID", self.experimentID)
        writer.object("order") { self.order.write(to: &$0) }
    }
}

extension RunOrder {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("startMilliseconds", self.start.millisecondsSinceEpoch)
        writer.field("runID", self.runID)
    }
}

extension LaneState {
    /// Writes the fields of a journal record's body.
    func write(to writer: inout JSONWriter) {
        writer.field("projectID", self.projectID)
        writer.field("modelName", self.modelName)
        writer.object("newestDeployed") { self.newestDeployed.write(to: &$0) }
        if let live { writer.object("live") { live.write(to: &$0) } }
        if let place {
            writer.object("place") { writer in
                writer.field("projectID", place.projectID)
                writer.field("modelID", place.modelID)
                writer.field("buildID", place.buildID)
                writer.field("deploymentID", place.deploymentID)
            }
        }
        if let registeredModel {
            writer.object("registeredModel") { writer in
                writer.field("id", registeredModel.id)
                writer.field("name", registeredModel.name)
            }
        }
        if let rolledBackFrom { writer.object("rolledBackFrom") { rolledBackFrom.write(to: &$0) } }
        if let newestAccepted {
            writer.object("newestAccepted") { writer in
                writer.field("milliseconds", newestAccepted.at.millisecondsSinceEpoch)
                writer.field("id", newestAccepted.id.description)
            }
        }
        if let liveHolders { writer.write(liveHolders) }
        if let beginnings {
            writer.array("beginnings") { list in
                for time in beginnings { list.integer(time.millisecondsSinceEpoch) }
            }
        }
    }
}
