// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization

/// What librdkafka's callbacks of one client reach; outlives the client.
///
/// Subclasses take what only they ask for. `@unchecked`: what is stored here is constant or behind a lock, and
/// subclasses say why theirs is safe.
class ClientContext: @unchecked Sendable {
    let observer: ClientObserver
    let properties: KafkaProperties
    /// The newest refusal of credentials, certificates or rights: calls that then run out of time failed because of it.
    private let refusal = Mutex<(error: KafkaError, at: ContinuousClock.Instant)?>(nil)
    /// A refusal that lasts is told anew by then: librdkafka keeps equal errors back for half a minute.
    private static let refusalLasts = Duration.seconds(60)

    /// Weaker than everything else: a broker that is back is met soon; librdkafka would wait for up to ten seconds.
    private static let defaults: [KafkaProperties.Property] = [.init("reconnect.backoff.max.ms", "2000")]

    init(properties: KafkaProperties, observer: ClientObserver) {
        self.properties = properties
        self.observer = observer
    }

    static func of(_ client: OpaquePointer) -> ClientContext? {
        rd_kafka_opaque(client).map { Unmanaged<ClientContext>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Runs on whichever thread of librdkafka speaks.
    func logged(level: Int32, facility: String, text: String) {
        // One list of properties serves all clients, so that a consumer's property reaches producers is no mistake.
        guard facility != "CONFWARN" || !text.contains("will be ignored by this") else { return }
        self.observer.log(.init(level: Int(level), facility: facility, text: self.properties.redacted(text)))
    }

    /// Runs on the thread that polls.
    func failed(_ client: OpaquePointer, _ code: Int32, _ reason: String) {
        let fatal = code == RD_KAFKA_RESP_ERR__FATAL.rawValue ? KafkaError.fatal(client, operation: "client") : nil
        let plain = KafkaError(rd_kafka_resp_err_t(rawValue: code), operation: "client", message: reason)
        let error = self.explained(fatal ?? plain)
        if error.isAuthentication || error.isAuthorization { self.refusal.withLock { $0 = (error, .now) } }
        self.observer.error(error)
    }

    /// Runs on the thread that polls.
    func delivered(_ message: rd_kafka_message_t) {}

    /// Runs on the thread that polls; must assign or unassign.
    func rebalanced(
        _ client: OpaquePointer,
        _ code: rd_kafka_resp_err_t,
        _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) {}

    /// Runs on the client's thread once the client is destroyed, or left to itself because that took too long.
    func ended() {}

    /// The refusal that still stands in the way.
    var standingRefusal: KafkaError? {
        self.refusal.withLock { refusal in
            guard let (error, at) = refusal, .now - at < Self.refusalLasts else { return nil }
            return error
        }
    }

    /// Returns the error as the operator should see it: secrets cut out, refused credentials named.
    func explained(_ error: KafkaError) -> KafkaError {
        let isVague = error.isTimeout || error.isPurged || (error.isTransport && !error.isAuthentication)
        if isVague, let refusal = self.standingRefusal {
            return KafkaError(
                operation: error.operation,
                code: refusal.code,
                number: refusal.number,
                message: refusal.message
            )
        }
        let text = self.properties.redacted(error.message)
        if error.isAuthentication, let limitation = self.properties.limitation {
            return error.saying("\(limitation). The broker said: \(text)")
        }
        return error.saying(text).advising()
    }

    /// Creates a client whose callbacks reach this context.
    ///
    /// - Parameters:
    ///   - type: Producer or consumer.
    ///   - defaults: Weaker than the user's properties.
    ///   - fixed: Stronger than the user's properties.
    ///   - delivers: Whether delivery reports reach `delivered`.
    ///   - rebalances: Whether rebalances reach `rebalanced`.
    ///   - watch: Is told each answer; must live as long as this.
    /// - Returns: The client; whoever holds it destroys it.
    /// - Throws: `KafkaError` with librdkafka's reason, such as a certificate that can't be read.
    func makeClient(
        _ type: rd_kafka_type_t,
        defaults: [KafkaProperties.Property] = [],
        fixed: [KafkaProperties.Property] = [],
        delivers: Bool = false,
        rebalances: Bool = false,
        watch: ResponseWatch? = nil
    ) throws(KafkaError) -> ClientHandle {
        let configuration = ClientConfiguration()
        for property in Self.defaults + defaults + self.properties.properties + fixed {
            do throws(KafkaPropertyError) {
                try configuration.set(property)
            } catch {
                throw .invalid(operation: KafkaError.createClient, message: error.description)
            }
        }
        configuration.install(self, delivers: delivers, rebalances: rebalances)
        if let watch { configuration.install(watch) }
        let pointer = configuration.take()
        let (client, text) = withErrorText { rd_kafka_new(type, pointer, $0, $1) }
        guard let client else {
            // Only then the configuration is still ours.
            rd_kafka_conf_destroy(pointer)
            throw .invalid(operation: KafkaError.createClient, message: self.named(text)).advising()
        }
        return ClientHandle(adopting: client, context: self)
    }

    /// Adds the path to a complaint about a file, which librdkafka leaves out.
    private func named(_ text: String) -> String {
        let text = self.properties.redacted(text)
        let named = self.properties.properties.last {
            $0.name.hasSuffix(".location") && !$0.isSecret && text.contains($0.name)
        }
        guard let named, !text.contains(named.value) else { return text }
        return "\(text); it is '\(named.value)'"
    }
}
