// SPDX-License-Identifier: Apache-2.0

/// The name of a Kubernetes pod that comes back under the same name, as those of a StatefulSet do.
///
/// Only such a name may serve as a static member's: one that changes with each start would leave a member behind that holds
/// its partitions until its session ends.
struct StablePodName {
    /// Where a container finds its host's name.
    static let variable = "HOSTNAME"

    let name: String

    /// Reads the environment; `nil` outside Kubernetes, and for a name that is drawn anew at each start.
    init?(_ environment: [String: String]) {
        guard environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false, let name = environment[Self.variable],
            let dash = name.lastIndex(of: "-"), dash > name.startIndex
        else { return nil }
        let number = name[name.index(after: dash)...]
        // A Deployment's pods end in five random letters or digits, which may all be digits.
        guard (1...4).contains(number.count), number.allSatisfy({ ("0"..."9").contains($0) }),
            number == "0" || !number.hasPrefix("0")
        else { return nil }
        self.name = name
    }
}
