// SPDX-License-Identifier: Apache-2.0

import Rollouts

/// Where the routes come from.
struct RoutesSource {
    let path: String
    func load() throws -> Routes {
        Routes([Route(name: "all", runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil))])
    }
}
