// SPDX-License-Identifier: Apache-2.0

import Files
import Simulation

/// The plans beside the tests.
enum PlanFile {
    private static let folder =
        #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Plans"

    /// Reads the plan of a name.
    static func read(_ name: String) throws -> Plan {
        try Plan(parsing: try FileReader.read("\(Self.folder)/\(name).json", maximumBytes: 1 << 20))
    }
}
