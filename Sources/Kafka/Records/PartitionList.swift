// SPDX-License-Identifier: Apache-2.0

import CRdkafka
import Glibc
import Values

/// Owns one list of partitions in librdkafka's form and frees it.
///
/// Such lists hold references to partitions, and a consumer can't be destroyed while one is alive, so it never outlives
/// the function that made it.
struct PartitionList: ~Copyable {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ partitions: some Collection<TopicPartition>) {
        self.pointer = rd_kafka_topic_partition_list_new(Int32(partitions.count))
        for partition in partitions {
            rd_kafka_topic_partition_list_add(self.pointer, partition.topic, partition.partition.rawValue)
        }
    }

    init(_ offsets: some Collection<(key: TopicPartition, value: Int64)>) {
        self.pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
        for (partition, offset) in offsets {
            let element = rd_kafka_topic_partition_list_add(
                self.pointer,
                partition.topic,
                partition.partition.rawValue
            )
            element?.pointee.offset = offset
        }
    }

    /// Lists offsets with what is to be kept beside them.
    init(_ offsets: [(TopicPartition, Int64, note: String?)]) {
        self.init(offsets.map { (key: $0.0, value: $0.1) })
        for (index, (_, _, note)) in offsets.enumerated() {
            guard let note else { continue }
            // librdkafka frees it with the list.
            self.pointer.pointee.elems[index].metadata = UnsafeMutableRawPointer(strdup(note))
            self.pointer.pointee.elems[index].metadata_size = note.utf8.count
        }
    }

    deinit { rd_kafka_topic_partition_list_destroy(self.pointer) }

    /// Lends the raw list to `body`; the list lives at least that long, which a mere pointer would not say.
    borrowing func withPointer<Result>(
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> Result
    ) -> Result {
        body(self.pointer)
    }

    /// The partitions with what librdkafka wrote beside them.
    var elements: [Element] { Self.elements(of: self.pointer) }

    /// One entry of a list, copied.
    struct Element {
        let topicPartition: TopicPartition
        let offset: Int64
        let code: rd_kafka_resp_err_t
        /// What stands beside a committed offset; empty where nothing does.
        let note: String

        /// The offset, unless it is one of the logical ones, which are negative.
        var realOffset: Offset? { self.offset >= 0 ? Offset(rawValue: self.offset) : nil }
    }

    static func elements(of list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [Element] {
        UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)).map { element in
            Element(
                topicPartition: TopicPartition(String(cString: element.topic), Partition(rawValue: element.partition)),
                offset: element.offset,
                code: element.err,
                note: Self.text(element)
            )
        }
    }

    private static func text(_ element: rd_kafka_topic_partition_t) -> String {
        guard let metadata = element.metadata, element.metadata_size > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: metadata, count: element.metadata_size), as: UTF8.self)
    }

    /// Returns the first entry's error, if any has one.
    func firstError(operation: String) -> KafkaError? {
        for element in self.elements where element.code != RD_KAFKA_RESP_ERR_NO_ERROR {
            let text = String(cString: rd_kafka_err2str(element.code))
            return KafkaError(element.code, operation: "\(operation) \(element.topicPartition)", message: text)
        }
        return nil
    }
}
