// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Bench {
    /// The program that leaves guarantees out; it lies beside the others where they are built, and is never installed.
    static let priceProgram = "bench-worker"

    /// What the guarantees cost: whole rollouts of the worker, and of the same worker without some of its guarantees.
    ///
    /// What is left out, `bench-worker` leaves out between the machine and its ports.
    func price(_ fixture: BenchFixture) async throws {
        let program = "\(self.settings.programs)/\(Self.priceProgram)"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            self.progress("the price of the guarantees is not measured: there is no \(program)")
            return
        }
        func without(_ name: String, _ title: String, _ parts: String) -> Contestant {
            Contestant(name, title: title, program, ["BENCH_WITHOUT": parts])
        }
        let contestants = [
            without("bare", "without journal, fence and looks", "journal,fence,looks"),
            without("withoutJournal", "without journal and fence", "journal,fence"),
            without("withoutFence", "without fence", "fence"),
            without("withoutLooks", "without looks", "looks"),
            Contestant("whole", program),
        ]
        var comparison = Comparison("price", "rollouts", reference: "whole")
        try await self.rollouts(of: contestants, fixture, &comparison)
        comparison.figures.forEach(self.take)
    }
}
