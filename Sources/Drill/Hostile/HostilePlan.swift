// SPDX-License-Identifier: Apache-2.0

import JSON
import Values

/// What honest teams and a hostile tenant send, decided by the seed alone.
struct HostilePlan: Sendable, Equatable {
    /// A project of the workbench.
    struct Project: Sendable, Equatable {
        let id: String
        let name: String
    }

    /// A finished run.
    struct Run: Sendable, Equatable {
        let id: String
        let project: Project
        let experimentID: String
        let experimentName: String
        /// What an honest event deploys it as.
        let model: String
        let start: Timestamp
    }

    /// An honest event: it has to be deployed, as what it says.
    struct HonestEvent: Sendable, Equatable {
        /// From the drill's start.
        let at: Duration
        /// Index of its run.
        let run: Int
        /// Whether it comes before the tenant does anything.
        let isCalm: Bool
    }

    /// One record of the tenant.
    struct HostileEvent: Sendable, Equatable {
        /// From the drill's start.
        let at: Duration
        let attack: HostileAttack
        /// Tells it from others of its kind.
        let number: Int
        /// Index of the honest event that it aims at.
        let victim: Int
    }

    /// Two honest projects.
    static let teams = [
        Project(id: "team-pr0j-ect1-aaaa", name: "team-one"), Project(id: "team-pr0j-ect2-bbbb", name: "team-two"),
    ]
    /// The tenant's own project.
    static let tenant = Project(id: "tena-pr0j-ect3-cccc", name: "tenant-project")
    /// A project that no route names.
    static let bystander = Project(id: "byst-pr0j-ect4-dddd", name: "bystander")
    /// What models of honest teams begin with.
    static let teamPrefix = "team-"
    /// What models of the tenant begin with.
    static let tenantPrefix = "tenant-"
    /// What runs of the tenant begin with, and the first of them.
    static let tenantRunPrefix = "tenant-run-"
    static let tenantRunID = "\(tenantRunPrefix)0"
    /// The one folder of a run that holds a model.
    static let artifactPath = "artifacts"
    /// Honest models; few enough that each has been deployed before the tenant begins.
    private static let models = 12
    /// Runs of the tenant that want to be the same model.
    static let busyRuns = 12
    /// 2026-01-01T00:00:00Z, when the first run began.
    private static let firstStart = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)

    let seed: UInt64
    /// Honest runs, in the order of their events; each newer than those before.
    let runs: [Run]
    /// The tenant's own runs of one experiment, each newer than those before.
    let tenantRuns: [Run]
    /// Runs of the tenant's, of an experiment for each team that is named so that it goes with a name of that team's.
    let sharingRuns: [Run]
    /// A run of a project that no route names.
    let bystanderRun: Run
    let honest: [HonestEvent]
    let hostile: [HostileEvent]
    /// When a worker is killed: while the flood is worked off.
    let killAt: Duration
    /// When the tenant's project gets the name of a team's.
    let renameAt: Duration

    /// Decides everything.
    init(_ settings: HostileSettings) {
        let dice = Dice(seed: settings.drill.seed)
        self.seed = settings.drill.seed
        let honest = Self.honest(settings, dice)
        self.honest = honest
        self.runs = honest.indices.map { number in
            let model = Self.honestModel(number % Self.models)
            let project = Self.teams[number % Self.models % Self.teams.count]
            return Self.run("honest-run-\(number)", project, "\(model)-experiment", model, order: number)
        }
        self.tenantRuns = (0..<Self.busyRuns).map {
            Self.run(
                "\(Self.tenantRunPrefix)\($0)",
                Self.tenant,
                "tenant-experiment",
                "\(Self.tenantPrefix)busy",
                order: $0
            )
        }
        self.sharingRuns = Self.teams.map { team in
            let id = "\(Self.tenantRunPrefix)like-\(team.name)"
            return Self.run(id, Self.tenant, "\(team.name)-team", "", order: Self.busyRuns)
        }
        self.bystanderRun = Self.run("bystander-run-0", Self.bystander, "bystander-experiment", "other", order: 0)
        // All at once, after a part of the siege that the dice choose.
        let wave = settings.calm + settings.siege * (0.1 + 0.2 * dice.fraction("wave"))
        self.hostile = Self.hostile(settings, honest.count, wave, dice)
        self.killAt = wave + .seconds(8)
        self.renameAt = settings.calm + settings.siege * 0.5
    }

    /// Honest models: team and number, with what the tenant's names begin with in between.
    ///
    /// So that there is a way to make the name of a registered model, which has the project's name before it, of other parts. No
    /// other of the tenant's models has such a number.
    private static func honestModel(_ number: Int) -> String {
        "\(self.teamPrefix)\(self.tenantPrefix)\(9_000 + number)"
    }

    private static func run(
        _ id: String,
        _ project: Project,
        _ experiment: String,
        _ model: String,
        order: Int
    ) -> Run {
        Run(
            id: id,
            project: project,
            experimentID: "\(experiment)-id",
            experimentName: experiment,
            model: model,
            start: Self.firstStart.advanced(by: .seconds(60 * order))
        )
    }

    /// About one a second, from the first second to the last.
    private static func honest(_ settings: HostileSettings, _ dice: Dice) -> [HonestEvent] {
        var events: [HonestEvent] = []
        var at = Duration.milliseconds(500)
        while at < settings.calm + settings.siege {
            // So that the last of the calm phase have ended before the first record of the tenant.
            let isCalm = at < settings.calm - .seconds(6)
            if isCalm || at >= settings.calm {
                events.append(HonestEvent(at: at, run: events.count, isCalm: isCalm))
            }
            at += .milliseconds(dice.number(in: 700...1_300, "honest", events.count, isCalm ? 0 : 1))
        }
        return events
    }

    private static func hostile(
        _ settings: HostileSettings,
        _ victims: Int,
        _ wave: Duration,
        _ dice: Dice
    ) -> [HostileEvent] {
        let milliseconds = Int(settings.siege.wholeMilliseconds)
        let kinds = HostileAttack.allCases.filter(\.isContinual)
        var events = (0..<settings.rate * milliseconds / 1_000).map { number in
            HostileEvent(
                at: settings.calm + .milliseconds(dice.number(in: 0...milliseconds, "at", number)),
                // Each at least once, whatever the dice say.
                attack: number < kinds.count ? kinds[number] : dice.element(of: kinds, "attack", number) ?? .tombstone,
                number: number,
                victim: dice.number(in: 0...max(0, victims - 1), "victim", number)
            )
        }
        events += (0..<Self.busyRuns).map { number in
            HostileEvent(at: settings.calm + .seconds(1 + 2 * number), attack: .busyModel, number: number, victim: 0)
        }
        events += (0..<settings.flood).map { number in
            HostileEvent(at: wave, attack: .slowModel, number: number, victim: 0)
        }
        return events.sorted { ($0.at, $0.number) < ($1.at, $1.number) }
    }

    /// The workbench's content, as the sandbox reads it.
    var recorded: String {
        let runs = self.runs + self.tenantRuns + self.sharingRuns + [self.bystanderRun]
        var seen: Set<String> = []
        let bytes = JSONWriter.object { writer in
            writer.array("projects") { list in
                for project in Self.teams + [Self.tenant, Self.bystander] {
                    list.object { object in
                        object.field("id", project.id)
                        object.field("name", project.name)
                    }
                }
            }
            writer.array("experiments") { list in
                for run in runs where seen.insert(run.experimentID).inserted {
                    list.object { object in
                        object.field("id", run.experimentID)
                        object.field("project_id", run.project.id)
                        object.field("name", run.experimentName)
                    }
                }
            }
            writer.array("runs") { list in for run in runs { list.object { Self.write(run, &$0) } } }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ run: Run, _ writer: inout JSONWriter) {
        let start = run.start.shortestRFC3339
        writer.field("id", run.id)
        writer.field("name", run.id)
        writer.field("experiment_id", run.experimentID)
        writer.field("status", "EXPERIMENT_RUN_FINISHED")
        writer.field("start_time", start)
        writer.field("end_time", start)
        writer.object("data") { data in
            data.array("tags") { list in
                list.object { tag in
                    tag.field("key", "mlflow.log-model.history")
                    tag.field("value", #"[{"artifact_path":"artifacts"}]"#)
                }
            }
            data.array("files") { list in
                list.object { file in
                    file.field("path", "artifacts")
                    file.field("is_dir", true)
                    file.field("file_size", "0")
                }
            }
        }
    }
}
