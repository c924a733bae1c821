// SPDX-License-Identifier: Apache-2.0

import Values

@testable import Kafka

/// A transaction that stays open between writing and committing, as that of a writer that died or froze.
final class OpenTransaction: Sendable {
    private let handle: ClientHandle
    private let runner: TransactionRunner
    private let thread: ClientThread

    init(properties: KafkaProperties, transactionalID: String) throws {
        var settings = TransactionSettings(transactionalID: transactionalID)
        settings.transactionTimeout = .seconds(30)
        let runner = TransactionRunner(
            properties: properties,
            settings: settings,
            observer: .silent,
            finished: { _ in },
            connectionLost: {}
        )
        self.handle = try runner.makeProducer()
        self.runner = runner
        self.thread = .polling(producer: self.handle, name: "open-transaction", closeTimeout: .zero)
    }

    func write(_ record: ProducerRecord) async throws(KafkaError) {
        let (runner, handle) = (self.runner, self.handle)
        try await self.thread.run("write") {
            runner.initialise(handle.pointer, timeout: .seconds(20)).flatMap {
                let deadline = ContinuousClock.now + .seconds(20)
                let error =
                    runner.begin(handle.pointer) ?? runner.produce([record], handle.pointer, deadline)
                    ?? runner.flush(handle.pointer, deadline)
                return error.map { .failure($0) } ?? .success(())
            }
        }
    }

    func commit() async throws(KafkaError) {
        let (runner, handle) = (self.runner, self.handle)
        try await self.thread.run("commit") {
            runner.commit(handle.pointer, .now + .seconds(20)).map { .failure($0) } ?? .success(())
        }
    }

    func close() async {
        await self.thread.close()
    }
}
