// SPDX-License-Identifier: Apache-2.0

import CRdkafka

/// librdkafka's stand-in for a Kafka cluster, on loopback sockets that any process of the machine can reach.
///
/// It keeps the last 5 MB of a partition, shows aborted records, and forgets transactional offsets: good for a demo and
/// for injected errors, no proof of a guarantee.
package final class MockCluster: Sendable {
    /// A request that brokers can be told to refuse; Kafka's protocol numbers.
    package enum Request: Int16, Hashable, Sendable, CaseIterable {
        /// Write records.
        case produce = 0
        /// Read records.
        case fetch = 1
        /// Ask for offsets.
        case listOffsets = 2
        /// Describe topics and brokers.
        case metadata = 3
        /// Commit offsets without a transaction.
        case offsetCommit = 8
        /// Ask for committed offsets.
        case offsetFetch = 9
        /// Ask who coordinates a group or transactional id.
        case findCoordinator = 10
        /// Join a group.
        case joinGroup = 11
        /// Stay in a group.
        case heartbeat = 12
        /// Leave a group.
        case leaveGroup = 13
        /// Receive the assignment.
        case syncGroup = 14
        /// Receive a producer id and epoch.
        case initProducerID = 22
        /// Begin writing to partitions in a transaction.
        case addPartitionsToTransaction = 24
        /// Announce offsets in a transaction.
        case addOffsetsToTransaction = 25
        /// Commit or abort a transaction.
        case endTransaction = 26
        /// Commit offsets in a transaction.
        case transactionOffsetCommit = 28
    }

    private let handle: ClientHandle
    /// Safe to share: its functions lock the cluster themselves.
    private nonisolated(unsafe) let cluster: OpaquePointer
    private let thread: ClientThread
    /// Where clients connect: "host:port", comma-separated.
    package let bootstrapServers: String

    /// Starts a cluster.
    ///
    /// - Parameter brokers: How many; 1 or more. They are numbered from 1.
    /// - Throws: `KafkaError` when librdkafka can't start it.
    package init(brokers: Int = 1) throws(KafkaError) {
        let properties: KafkaProperties
        do throws(KafkaPropertyError) {
            properties = try KafkaProperties([.init("client.id", "slipway-mock")])
        } catch {
            throw .invalid(operation: "start mock cluster", message: error.description)
        }
        let handle = try ClientContext(properties: properties, observer: .silent).makeClient(RD_KAFKA_PRODUCER)
        guard
            let cluster = rd_kafka_mock_cluster_new(handle.pointer, Int32(clamping: brokers)),
            let bootstrap = rd_kafka_mock_cluster_bootstraps(cluster)
        else {
            throw .invalid(operation: "start mock cluster", message: "librdkafka refused \(brokers) brokers")
        }
        self.handle = handle
        self.cluster = cluster
        self.bootstrapServers = String(cString: bootstrap)
        nonisolated(unsafe) let owned = cluster
        self.thread = ClientThread(
            name: "kafka-mock",
            finish: {
                // The cluster lives on the client, so it goes first.
                rd_kafka_mock_cluster_destroy(owned)
                handle.destroy()
            }
        )
    }

    deinit { self.thread.jobs.stop() }

    /// Creates a topic.
    ///
    /// - Throws: `KafkaError` when it exists already.
    package func createTopic(
        _ name: String,
        partitionCount: Int,
        replicationFactor: Int = 1
    ) async throws(KafkaError) {
        try await self.control("create topic \(name)") {
            rd_kafka_mock_topic_create($0, name, Int32(clamping: partitionCount), Int32(clamping: replicationFactor))
        }
    }

    /// Makes the next requests of a kind fail, one error each, in place of any earlier ones.
    ///
    /// - Parameters:
    ///   - request: The kind of request.
    ///   - codes: librdkafka's names of the errors, such as "COORDINATOR_NOT_AVAILABLE", in order.
    /// - Throws: `KafkaError` when there is no error of such a name.
    package func fail(_ request: Request, with codes: [String]) async throws(KafkaError) {
        try await self.control("inject errors") { cluster in
            var numbers: [rd_kafka_resp_err_t] = []
            for name in codes {
                guard let code = KafkaError.code(named: name) else { return RD_KAFKA_RESP_ERR__INVALID_ARG }
                numbers.append(code)
            }
            rd_kafka_mock_clear_request_errors(cluster, request.rawValue)
            rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, numbers.count, numbers)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Cuts a broker's connections and refuses new ones, until it is put up again.
    ///
    /// - Throws: `KafkaError` when there is no such broker.
    package func setBroker(_ number: Int, isUp: Bool) async throws(KafkaError) {
        try await self.control("set broker \(number) \(isUp ? "up" : "down")") { cluster in
            isUp
                ? rd_kafka_mock_broker_set_up(cluster, Int32(clamping: number))
                : rd_kafka_mock_broker_set_down(cluster, Int32(clamping: number))
        }
    }

    /// Makes a broker the coordinator of a group.
    ///
    /// - Throws: `KafkaError` when there is no such broker.
    package func setCoordinator(ofGroup group: String, broker number: Int) async throws(KafkaError) {
        try await self.control("set the coordinator of group \(group)") {
            rd_kafka_mock_coordinator_set($0, "group", group, Int32(clamping: number))
        }
    }

    /// Makes a broker answer late.
    ///
    /// - Throws: `KafkaError` when there is no such broker.
    package func setDelay(ofBroker number: Int, _ delay: Duration) async throws(KafkaError) {
        try await self.control("delay broker \(number)") {
            rd_kafka_mock_broker_set_rtt($0, Int32(clamping: number), delay.callMilliseconds)
        }
    }

    /// Ends the cluster; connected clients see their connections cut.
    package func close() async {
        await self.thread.close()
    }

    /// Asks the cluster's own thread, which answers after what it does at the moment.
    private func control(
        _ operation: String,
        _ body: @escaping @Sendable (OpaquePointer) -> rd_kafka_resp_err_t
    ) async throws(KafkaError) {
        nonisolated(unsafe) let cluster = self.cluster
        try await self.thread.run(operation) {
            let code = body(cluster)
            return code == RD_KAFKA_RESP_ERR_NO_ERROR ? .success(()) : .failure(KafkaError(code, operation: operation))
        }
    }
}
