// SPDX-License-Identifier: Apache-2.0

package import Kafka
package import Telemetry

/// Brings what librdkafka's clients say by themselves into our log.
package struct KafkaLog: Sendable {
    private let logger: Logger

    /// Creates one.
    package init(logger: Logger) { self.logger = logger }

    /// Takes librdkafka's lines at the level that they have there, and errors as warnings.
    package var observer: ClientObserver {
        let logger = self.logger
        return ClientObserver(
            log: { line in
                let fields: KeyValuePairs<String, LogValue> = [
                    "facility": .string(line.facility), "text": .string(line.text),
                ]
                switch line.level {
                case ...3: logger.error("librdkafka", fields)
                case 4: logger.warning("librdkafka", fields)
                case 5: logger.notice("librdkafka", fields)
                case 6: logger.info("librdkafka", fields)
                default: logger.debug("librdkafka", fields)
                }
            },
            error: { error in logger.warning("Kafka client reports an error", ["error": .error(error)]) }
        )
    }
}
