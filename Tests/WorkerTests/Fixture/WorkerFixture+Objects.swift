// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPValues
import Rollouts
import Values
import WorkbenchAPI
import WorkbenchSandbox

@testable import Worker

/// What the workbench made, told apart by project.
extension WorkerFixture {
    /// Objects made, by kind.
    typealias Made = [String: Int]

    static let oneOfEach: Made = ["version": 1, "model": 1, "build": 1, "deployment": 1]

    private struct Line: Decodable {
        var path: String
        var operation: String
        var applied: Bool
        var markers: [String: Marker]
    }

    /// A marker's text; tags and environments are of no interest here.
    private struct Marker: Decodable {
        var text: String?

        init(from decoder: any Decoder) throws { self.text = try? decoder.singleValueContainer().decode(String.self) }
    }

    /// Reads from the audit what was made for each of the runs, whose projects must differ.
    func made(for runs: [SeededRun]) async throws -> [Made] {
        let response = try await self.control("GET", "/sandbox/audit", nil)
        var made = runs.map { _ in Made() }
        for bytes in response.body.split(separator: UInt8(ascii: "\n")) {
            let line = try JSONDecoder().decode(Line.self, from: Data(bytes))
            let run = line.markers["run_id"]?.text
            guard line.applied,
                let index = runs.firstIndex(where: { line.path.contains("/\($0.projectID)/") || $0.runID == run })
            else { continue }
            switch line.operation {
            case "CreateRegisteredModel": made[index]["version", default: 0] += 1
            case "CreateModel": made[index]["model", default: 0] += 1
            case "CreateModelBuild": made[index]["build", default: 0] += 1
            case "CreateModelDeployment": made[index]["deployment", default: 0] += 1
            default: break
            }
        }
        return made
    }

    private struct FaultReport: Decodable {
        struct Rule: Decodable { var fired: Int }
        var rules: [Rule]
    }

    /// How often each rule of the fault plan has fired.
    func faultsFired() async throws -> [Int] {
        let response = try await self.control("GET", "/sandbox/faults", nil)
        return try JSONDecoder().decode(FaultReport.self, from: Data(response.body)).rules.map(\.fired)
    }
}
