// SPDX-License-Identifier: Apache-2.0

package import Rollouts
import Values
package import WorkbenchAPI
import WorkbenchCalls

/// Makes the pipeline's calls on the workbench: holds one conversation each, one attempt a request.
package struct CallRunner: Sendable {
    let client: WorkbenchClient
    private let credentials: any CredentialSource

    /// Creates a runner.
    ///
    /// - Parameters:
    ///   - client: Makes the requests.
    ///   - credentials: Told to read the key again after a 401 and before each probe.
    package init(client: WorkbenchClient, credentials: any CredentialSource) {
        self.client = client
        self.credentials = credentials
    }

    /// Makes one call.
    package func perform(_ call: APICall) async -> Result<CallResult, CallFailure> {
        if case .probe = call { self.credentials.reload() }
        var (conversation, step) = Conversation.begin(call, with: self.client.dialect)
        while true {
            switch step {
            case .send(let planned): step = await self.send(planned, in: &conversation)
            case .ended(let result):
                if case .failure(let failure) = result, failure.kind == .unauthorized { self.credentials.reload() }
                return result
            }
        }
    }

    private func send(_ planned: PlannedSend, in conversation: inout Conversation) async -> Conversation.Step {
        do throws(AttemptFailure) {
            return conversation.received(.success(try await self.client.send(planned)), now: .now())
        } catch {
            switch error {
            case .noKey(let failure): return conversation.keyIsMissing(failure)
            case .noResponse(let failure): return conversation.received(.failure(failure), now: .now())
            }
        }
    }
}
