// SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Simulation
import Testing

@testable import Drill

/// What genuine ports say while workers are killed, frozen, added and removed must be possible for modelled ones.
@Suite("drill: port traces", DrillFixture.isThere, .serialized, .timeLimit(.minutes(10)))
struct TracedDrillTests {
    /// Holds a drill, and reads what its workers' ports said.
    private static func trace(_ change: (inout DrillSettings) -> Void) async throws -> PortTrace {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "slipway-traces-\(UInt64.random(in: 0 ... .max))"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var settings = try DrillFixture.settings()
        settings.environment["DRILL_TRACE"] = folder.path
        change(&settings)
        let ledger = try await DrillFixture.hold(settings)
        #expect(ledger.isClean, "\(ledger.table().joined(separator: "\n"))")
        var lines: [PortTrace.Line] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let bytes = try FileReader.read("\(folder.path)/\(name)", maximumBytes: 1 << 30)
            // The last line of a process that was killed may be half of one.
            let whole = bytes.prefix((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
            lines += try whole.split(separator: UInt8(ascii: "\n")).map { try PortTrace.Line(parsing: $0) }
        }
        return PortTrace(lines)
    }

    /// What goes wrong.
    enum Course: CaseIterable {
        /// The first worker is killed in the middle of its work.
        case killed
        /// It stands still until others have its partitions, with a transaction in its hands.
        case frozen
        /// Whatever the seed says, to three workers.
        case planned

        func apply(to settings: inout DrillSettings) {
            settings.faults = [.rebalance, .api, .replay, .scattered]
            switch self {
            case .killed: settings.firstEnvironment["DRILL_STOP"] = "afterJournal:4:kill"
            case .frozen: settings.firstEnvironment["DRILL_STOP"] = "beforeJournal:6:freeze"
            case .planned:
                (settings.workers, settings.rollouts) = (3, 80)
                settings.faults.formUnion([.kill, .freeze, .late, .slow])
                settings.timeLimit = .seconds(240)
            }
        }
    }

    @Test("what genuine ports say is possible, and one answer that is another is not", arguments: Course.allCases)
    func isPossible(course: Course) async throws {
        let trace = try await Self.trace { course.apply(to: &$0) }
        let objections = PortAcceptor(trace).objections()
        #expect(objections.isEmpty, "\(objections.prefix(20).map(\.description).joined(separator: "\n"))")
        // A trace in which nobody took work over would say little.
        let takeover = try #require(trace.lines.lastIndex { $0.event.foundWork })
        var lines = trace.lines
        lines[takeover].event.forgetWork()
        let refusal = try #require(PortAcceptor(PortTrace(lines)).objections().first)
        #expect(refusal.line == takeover + 1)
        print("drill: \(lines.count) lines of \(Set(lines.map(\.process)).count) processes' ports, \(refusal)")
    }
}

extension PortTrace.Event {
    /// Whether it is a restore that found unfinished rollouts.
    fileprivate var foundWork: Bool {
        if case .restored(_, let snapshot) = self { !snapshot.rollouts.isEmpty } else { false }
    }

    /// Makes it a restore that found nothing.
    fileprivate mutating func forgetWork() {
        guard case .restored(let lease, let snapshot) = self else { return }
        self = .restored(lease, PortTrace.Snapshot(rollouts: [:], committed: snapshot.committed))
    }
}
