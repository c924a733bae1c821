// SPDX-License-Identifier: Apache-2.0

import CRdkafka

/// Owns one `rd_kafka_conf_t` until a client takes it over.
struct ClientConfiguration: ~Copyable {
    private let pointer: OpaquePointer

    init() { self.pointer = rd_kafka_conf_new() }

    deinit { rd_kafka_conf_destroy(self.pointer) }

    /// Gives the object away; the receiver frees it.
    consuming func take() -> OpaquePointer {
        let pointer = self.pointer
        discard self
        return pointer
    }

    func set(_ property: KafkaProperties.Property) throws(KafkaPropertyError) {
        let (result, text) = withErrorText { rd_kafka_conf_set(self.pointer, property.name, property.value, $0, $1) }
        switch result {
        case RD_KAFKA_CONF_OK: return
        case RD_KAFKA_CONF_UNKNOWN: throw KafkaPropertyError(name: property.name, problem: .unknown(text))
        default:
            let shown = property.isSecret ? "librdkafka does not take it" : text
            throw KafkaPropertyError(name: property.name, problem: .invalid(shown))
        }
    }

    func value(of name: String) -> String? {
        var size = 0
        guard rd_kafka_conf_get(self.pointer, name, nil, &size) == RD_KAFKA_CONF_OK, size > 0 else { return nil }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
            guard
                let base = buffer.baseAddress,
                rd_kafka_conf_get(self.pointer, name, base, &size) == RD_KAFKA_CONF_OK
            else { return nil }
            return String(cString: base)
        }
    }

    /// Has the client tell each answer to `watch`, which must live until the client is destroyed.
    func install(_ watch: ResponseWatch) {
        // Fails only where the same interceptor is there already.
        rd_kafka_conf_interceptor_add_on_new(
            self.pointer,
            "answers",
            { client, _, watch, _, _ in
                rd_kafka_interceptor_add_on_response_received(
                    client,
                    "answers",
                    { _, _, _, _, api, _, _, _, _, error, watch in
                        guard let watch else { return RD_KAFKA_RESP_ERR_NO_ERROR }
                        Unmanaged<ResponseWatch>.fromOpaque(watch).takeUnretainedValue().answered(api, error)
                        return RD_KAFKA_RESP_ERR_NO_ERROR
                    },
                    watch
                )
            },
            Unmanaged.passUnretained(watch).toOpaque()
        )
    }

    /// Connects librdkafka's callbacks with `context`, which must live until the client is destroyed.
    func install(_ context: ClientContext, delivers: Bool, rebalances: Bool) {
        rd_kafka_conf_set_opaque(self.pointer, Unmanaged.passUnretained(context).toOpaque())
        rd_kafka_conf_set_log_cb(self.pointer) { client, level, facility, text in
            guard let client, let text else { return }
            ClientContext.of(client)?.logged(
                level: level,
                facility: facility.map { String(cString: $0) } ?? "",
                text: String(cString: text)
            )
        }
        rd_kafka_conf_set_error_cb(self.pointer) { client, code, reason, _ in
            guard let client else { return }
            ClientContext.of(client)?.failed(client, code, reason.map { String(cString: $0) } ?? "")
        }
        rd_kafka_conf_set_stats_cb(self.pointer) { client, json, length, _ in
            guard let client, let json else { return 0 }
            let bytes = UnsafeRawBufferPointer(start: json, count: length)
            ClientContext.of(client)?.observer.statistics(String(decoding: bytes, as: UTF8.self))
            return 0
        }
        if delivers {
            rd_kafka_conf_set_dr_msg_cb(self.pointer) { client, message, _ in
                guard let client, let message else { return }
                ClientContext.of(client)?.delivered(message.pointee)
            }
        }
        if rebalances {
            rd_kafka_conf_set_rebalance_cb(self.pointer) { client, code, partitions, _ in
                guard let client, let partitions else { return }
                ClientContext.of(client)?.rebalanced(client, code, partitions)
            }
        }
    }
}
