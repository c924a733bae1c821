// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Settings

@Suite struct StablePodNameTests {
    @Test(arguments: ["slipway-0", "slipway-worker-12", "a-9999"])
    func aStatefulSetsPodHasAStableName(host: String) {
        #expect(StablePodName(["KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": host])?.name == host)
        #expect(StablePodName(["HOSTNAME": host]) == nil, "outside Kubernetes a host's number means nothing")
    }

    @Test(arguments: [
        "slipway", "slipway-6d9f7c8b5-x2k9q", "slipway-6d9f7c8b5-24567", "slipway-01", "slipway-", "-3", "7",
    ])
    func anyOtherNameMayChange(host: String) {
        #expect(StablePodName(["KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": host]) == nil)
    }

    @Test func itServesWhereNothingElseIsSaid() throws {
        let pod = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "slipway-3"]
        func name(_ more: [String: String]) throws -> String? {
            try SettingsFixture().load(nil, pod.merging(more) { $1 }).text(.kafkaGroupInstanceID)
        }
        #expect(try name([:]) == "slipway-3")
        #expect(try name(["SLIPWAY_KAFKA_GROUP_INSTANCE_ID": "mine"]) == "mine")
        #expect(try name(["SLIPWAY_KAFKA_GROUP_INSTANCE_ID": ""]) == "")
    }
}
