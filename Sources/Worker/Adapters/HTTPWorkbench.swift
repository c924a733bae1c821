// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import HTTPValues
import Machine
import Values
import WorkbenchAPI

/// The workbench's port over libcurl: a turn's requests are handed over at once, and answers come back in batches.
final class HTTPWorkbench: WorkbenchPort, HTTPReceiver {
    private let client: HTTPClient
    private let credentials: any CredentialSource
    private let clock: WorkerClock
    private let inbox: LoopInbox

    init(client: HTTPClient, credentials: any CredentialSource, clock: WorkerClock, inbox: LoopInbox) {
        self.client = client
        self.credentials = credentials
        self.clock = clock
        self.inbox = inbox
    }

    func perform(_ order: WorkbenchOrder) {
        switch order {
        case .start(let requests): self.start(requests)
        case .cancelUnstarted(let ids): self.client.cancelUnstarted(ids.map(\.number), of: self)
        case .reloadKey: self.credentials.reload()
        }
    }

    private func start(_ requests: [PlannedRequest]) {
        let key: Secret
        do {
            key = try self.credentials.bearerToken()
        } catch {
            self.inbox.deliver(.workbench(requests.map { WorkbenchAnswer(id: $0.id, .keyMissing(error)) }))
            return
        }
        let starts = requests.map { planned in
            HTTPStart(
                token: planned.id.number,
                request: planned.send.usesAPIKey ? planned.send.request(with: key) : planned.send.request,
                startBefore: planned.startBefore.map { self.clock.instant(of: $0) }
            )
        }
        self.client.start(starts, to: self)
    }

    func ended(_ ends: [HTTPEnd]) {
        let keys = self.credentials.givenOut()
        let answers = ends.map { end in
            switch end.result {
            case .success(let response):
                // Nothing above may see a key, wherever a server puts it.
                WorkbenchAnswer(
                    id: RequestID(number: end.token),
                    .response(keys.reduce(response) { Redaction.replacing($1, in: $0) })
                )
            case .failure(let failure): WorkbenchAnswer(id: RequestID(number: end.token), .failure(failure))
            }
        }
        self.inbox.deliver(.workbench(answers))
    }
}
