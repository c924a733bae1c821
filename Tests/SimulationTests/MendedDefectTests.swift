// SPDX-License-Identifier: Apache-2.0

import Files
import Simulation
import Testing

/// Worlds that once showed a defect, as small as they could be made: they must stay clean.
@Suite("Mended defects", .timeLimit(.minutes(5)))
struct MendedDefectTests {
    @Test(
        "stay mended",
        arguments: [
            // A worker that stood still while it gave a partition back came back under another member id, with the rest.
            "another-member-id",
            // A model's name was taken, by a model that no list showed yet.
            "name-taken-behind-stale-list",
            // A rollout ended by itself while a call of its own might still take effect.
            "failed-in-doubt",
            // A worker stood still between journal and offset; what another began meanwhile looked like a lost journal.
            "journal-begun-by-another",
            // A part of the workbench was down while the probe's part answered (rule 13).
            "family-down",
            // A proxy's own answers counted as the workbench's (rule 12).
            "in-between",
            // Reads by id did not show yet what the workbench had just acknowledged (rule 14).
            "late-reads",
            // A version of the rollout's own, not shown yet after a restore, was taken for somebody else's that is gone.
            "own-version-behind-lag",
            // A gateway's error with 200 was read as a list of nothing, so that what was made was made again.
            "error-for-a-list",
            // Comments and tags were not kept, and a look by the marker alone found nothing (rule 15).
            "forgotten-markers",
            // A gateway sent a call on twice and answered well; nobody looked for the second one (rule 16).
            "twins",
            // A call was applied when its clean-up had looked already (rule 21).
            "applied-too-late",
            // A page in place of the answer, for some seconds, and a clean-up gave its look up (rule 12).
            "clean-up-behind-a-page",
            // That a run was under way and that it has finished were one rollout, which ended twice.
            "running-before-finished",
            // A replay, or an event of another topic, deployed the live run once more, and the first key was forgotten.
            "live-after-a-replay",
            "topics-in-turn",
            // One record of somebody else's in a journal partition ended every worker in turn (rule 18).
            "stray-record",
        ]
    )
    func isClean(name: String) throws {
        let verdict = World(try PlanFile.read("mended-\(name)")).run()
        #expect(verdict.isClean, "\(verdict.violations)")
    }
}
