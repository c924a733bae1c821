// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Synchronization

/// Notes which requests of a transaction lost their answers, by librdkafka's own word.
///
/// librdkafka sends such a request again by itself, on another connection, and reports that copy's success. The first copy
/// may lie before the broker, and act on whatever transaction is open when it arrives: the next one of the same producer,
/// which it commits, aborts, or writes into (confluentinc/librdkafka#5423; `Rule19LateRequestTests`). Neither return codes,
/// log lines nor durations show it in time. The interceptor does: it runs before the call that waits for the answer returns.
final class ResponseWatch: Sendable {
    /// API keys of requests that speak for a transaction.
    private static let coordinatorKeys: Set<Int16> = [24, 25, 26, 28]
    private static let produceKey: Int16 = 0

    private let lostCoordinator = Atomic(false)
    private let lostProduce = Atomic(false)

    /// Whether a request to a coordinator, of any transaction so far, was not answered.
    var hasLostCoordinatorAnswer: Bool { self.lostCoordinator.load(ordering: .acquiring) }
    /// Whether records of the transaction under way were sent and not answered.
    var hasLostProduceAnswer: Bool { self.lostProduce.load(ordering: .acquiring) }

    /// A transaction begins: what was written before is settled.
    func transactionBegins() { self.lostProduce.store(false, ordering: .releasing) }

    /// A request has got an answer, or none.
    ///
    /// Runs on whichever thread of librdkafka took it; must not block.
    func answered(_ api: Int16, _ error: rd_kafka_resp_err_t) {
        guard error != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        if Self.coordinatorKeys.contains(api) { self.lostCoordinator.store(true, ordering: .releasing) }
        if api == Self.produceKey { self.lostProduce.store(true, ordering: .releasing) }
    }
}
