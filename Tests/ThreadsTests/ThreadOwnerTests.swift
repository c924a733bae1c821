// SPDX-License-Identifier: Apache-2.0

import Testing
import Threads

@Suite(.timeLimit(.minutes(1)))
struct ThreadOwnerTests {
    @Test func onlyTheThreadThatTookOverIsTheOwner() async {
        let owner = ThreadOwner()
        let first = BlockingThread(name: "first")
        let second = BlockingThread(name: "second")
        #expect(await first.run { owner.isCurrent } == false)
        await first.run { owner.takeOver() }
        #expect(await first.run { owner.isCurrent })
        #expect(await second.run { owner.isCurrent } == false)
        await first.close()
        await second.close()
    }
}
