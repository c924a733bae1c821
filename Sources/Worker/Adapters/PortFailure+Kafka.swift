// SPDX-License-Identifier: Apache-2.0

import Kafka
import Rollouts

extension PortFailure {
    /// A client's error in the machine's words.
    init(_ error: KafkaError) {
        self.init(Self.kind(of: error), error.description)
    }

    private static func kind(of error: KafkaError) -> Kind {
        if error.isClosed { return .closed }
        if error.isAuthentication { return .authentication }
        if error.isAuthorization { return .denied(topic: nil) }
        if error.isTooLarge { return .tooLarge }
        if error.isInvalidRecord { return .invalidRecord }
        if error.isInvalidTime { return .invalidTime }
        return error.isFatal ? .fatal : .outage
    }
}
