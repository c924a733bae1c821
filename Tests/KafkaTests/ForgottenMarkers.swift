// SPDX-License-Identifier: Apache-2.0

/// Has markers written for a producer that does not exist, and tells the coordinator that they are written.
///
/// Knows of the protocol where the first producer id of such a request (flexible versions) and of its answer stands.
struct ForgottenMarkers {
    /// By the correlation id.
    private var producers: [ArraySlice<UInt8>: ArraySlice<UInt8>] = [:]
    private static let nobody: [UInt8] = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]

    /// Changes a request to write markers; it has one transaction's.
    mutating func misdirect(_ request: inout [UInt8]) {
        let clientLength = Int(request[12]) << 8 | Int(request[13])
        // Behind the client's name: no tagged fields, and a list of one.
        let place = 14 + clientLength + 2
        self.producers[request[8..<12]] = request[place..<place + 8]
        request.replaceSubrange(place..<place + 8, with: Self.nobody)
    }

    /// Puts the right producer's id into the answer to such a request; leaves other answers alone.
    mutating func restore(_ answer: inout [UInt8]) {
        guard let producer = self.producers.removeValue(forKey: answer[4..<8]) else { return }
        answer.replaceSubrange(10..<18, with: producer)
    }
}
