// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Commands
import Kafka
import Rollouts
import TestSupport

extension WorkerFixture {
    /// Runs a command line of `slipway` with the settings of the fixture's workers.
    func slipway(_ words: [String]) async -> (isSuccess: Bool, text: String) {
        let capture = CapturedOutput()
        let settings = [
            "kafka.bootstrap.servers=\(KafkaFixture.genuineBootstrap ?? "")", "kafka.group.id=\(self.groupID)",
            "topics.inbox=\(self.topics.inbox)", "topics.journal=\(self.topics.journal)",
            "topics.events=\(self.events)", "workbench.url=\(self.workbench)",
        ]
        let status = await Program.table().run(
            words + settings.flatMap { ["--set", $0] },
            environment: [:],
            output: Output(to: capture)
        )
        return (status.code == 0, capture.text + capture.errorText)
    }
}
