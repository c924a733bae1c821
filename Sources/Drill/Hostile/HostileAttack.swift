// SPDX-License-Identifier: Apache-2.0

/// What a tenant tries that may write to its own event topic, and to nothing else.
///
/// Each is seen in `HostileRecords`; a comment here says what would come of it if it were believed.
enum HostileAttack: String, CaseIterable, Sendable {
    // Another team's things.

    /// The tenant's project by id and a team's by name: a route that matches either would let it pass.
    case contradictoryProject
    /// The same of the experiment.
    case contradictoryExperiment
    /// A team's run, named as the team names it: deployed by somebody else's word.
    case foreignProject
    /// A team's run under the tenant's own project: the team's code, served as the tenant's.
    case foreignRun
    /// A run of a project that no route names.
    case bystanderRun
    /// A team's model name in the tenant's project: a version of the team's registered model.
    case foreignModelName
    /// The same by a team's experiment name, which a template could use.
    case foreignTemplateName
    /// Names alone, the tenant's or a team's: no route by ids can tell before the workbench is asked.
    case nameOnly
    /// No run: the newest of the tenant's experiment, or of a team's.
    case newestRun
    /// No project at all.
    case noProject
    /// The tenant's run by a team's project name, which the tenant's project has, too, from the middle of the drill on.
    case renamedProject
    /// An experiment and a model named so that, put together, they make the name of a team's registered model.
    case sharedRegistryName
    /// A copy of a team's record, before or after the team's own: it takes the place of the genuine one.
    case copiedRecord
    /// A team's run, said to be running still: it is settled before the team's own event comes.
    case runningFirst

    // The place of a worker or an operator.

    /// `slipway_*` header fields that say a worker has passed it on, from a place of a team's.
    case forgedForwarding
    /// The same, of a whole rollout that moves.
    case forgedMove
    /// A command on an event topic.
    case forgedCommand
    /// Attributes that ask for a replay which displaces what is newer.
    case forgedReplay
    /// A comment that begins with the mark of a team's rollout: the team adopts the tenant's build.
    case forgedMark

    // More than the route allows.

    /// Sizes beyond the limit.
    case hugeSizes
    /// Environment variables.
    case foreignEnvironment
    /// A runtime image that nobody has enabled.
    case foreignRuntime
    /// A path that leaves the run's folder.
    case escapingPath
    /// Text that drives terminals and turns the direction of writing around, in a description, a model's name or a field's.
    case terminalText

    // What can't be understood.

    /// CloudEvents attributes that are missing, empty or of another version.
    case damagedEnvelope
    /// The same header field twice.
    case doubledHeader
    /// Attributes as another transport has them.
    case wrongPrefix
    /// Bytes that are no UTF-8.
    case brokenText
    /// Nested a thousand times.
    case deepJSON
    /// Numbers that no machine has.
    case hugeNumber
    /// The same field twice, one for whoever looks and one for whoever acts.
    case doubledField
    /// Cut short.
    case truncated
    /// A null value.
    case tombstone
    /// A value without bytes, and an empty key.
    case emptyValue

    // Too much.

    /// More header fields than anyone reads.
    case manyHeaders
    /// A key of half a megabyte.
    case hugeKey
    /// Half a megabyte of description.
    case largeEvent
    /// Megabytes of zeros, compressed.
    case bomb
    /// An event like any other, of a model of its own: within the tenant's rights, and one of very many.
    case slowModel
    /// Newer and newer runs of one model, more than may begin in an hour.
    case busyModel

    /// Whether it comes again and again all the time; others come when the plan says so.
    var isContinual: Bool {
        switch self {
        case .slowModel, .busyModel: false
        default: true
        }
    }

    /// Whether brokers have to refuse it, so that no record of it may be seen.
    var isForBrokersToRefuse: Bool { self == .bomb }
}
