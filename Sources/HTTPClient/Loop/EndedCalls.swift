// SPDX-License-Identifier: Apache-2.0

import HTTPValues

/// What has ended in one turn of the loop, by receiver.
struct EndedCalls {
    private var lists: [(receiver: any HTTPReceiver, ends: [HTTPEnd])] = []

    mutating func add(
        _ call: Call,
        startedAt: ContinuousClock.Instant? = nil,
        _ result: Result<HTTPResponse, HTTPFailure>
    ) {
        let end = HTTPEnd(token: call.token, startedAt: startedAt, result: result)
        // A client has one or two receivers, so a linear search is cheaper than a table.
        if let index = self.lists.firstIndex(where: { $0.receiver === call.receiver }) {
            self.lists[index].ends.append(end)
        } else {
            self.lists.append((call.receiver, [end]))
        }
    }

    /// Calls each receiver once, then forgets.
    mutating func deliver() {
        guard !self.lists.isEmpty else { return }
        let lists = self.lists
        self.lists = []
        for (receiver, ends) in lists { receiver.ended(ends) }
    }
}
