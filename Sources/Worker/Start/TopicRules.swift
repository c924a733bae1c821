// SPDX-License-Identifier: Apache-2.0

import Rollouts
import Values

/// What topics must be like: the worker refuses to start on others, and `slipway topics` names them.
package enum TopicRules {
    /// What a topic must take at the least, in bytes: a shortened record and its headers fit into it.
    package static let leastRecordBytes = 64 << 10

    /// The longest horizon that can be set: events that are kept longer, or for ever, ask for it.
    private static let longestHorizon = Span.seconds(3_650 * 86_400)

    /// Rule 11: who can read an event must still know its rollout.
    ///
    /// - Parameter retentionMilliseconds: How long events are kept (`retention.ms`); negative for ever.
    /// - Returns: How long ended rollouts must be known at the least, in milliseconds.
    package static func leastHorizonMilliseconds(retentionMilliseconds: Int64) -> Int64 {
        let longest = Self.longestHorizon.milliseconds
        return retentionMilliseconds < 0 ? longest : min(retentionMilliseconds, longest)
    }
}
