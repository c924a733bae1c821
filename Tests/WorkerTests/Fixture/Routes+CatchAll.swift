// SPDX-License-Identifier: Apache-2.0

import Rollouts

extension Routes {
    /// One rule that takes every finished run whose event names the model.
    static let catchAll = Routes([
        Route(name: "all", runtime: .newest(kernel: "Python 3.10", edition: "Standard", editor: nil))
    ])
}
