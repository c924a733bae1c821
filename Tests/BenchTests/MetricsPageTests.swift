// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Bench

@Suite struct MetricsPageTests {
    private let page = MetricsPage(
        """
        # HELP slipway_rollouts_total Rollouts that ended.
        # TYPE slipway_rollouts_total counter
        slipway_rollouts_total{outcome="deployed",class="none"} 7
        slipway_rollouts_total{outcome="failed",class="build"} 2
        slipway_rollouts_unfinished 3
        wait_seconds_bucket{operation="a",le="0.1"} 1
        wait_seconds_bucket{operation="a",le="1"} 3
        wait_seconds_bucket{operation="a",le="+Inf"} 4
        wait_seconds_bucket{operation="b",le="0.1"} 0
        wait_seconds_bucket{operation="b",le="1"} 4
        wait_seconds_bucket{operation="b",le="+Inf"} 4

        """
    )

    @Test func seriesAreSummedByLabel() {
        #expect(self.page.value("slipway_rollouts_total") == 9)
        #expect(self.page.value("slipway_rollouts_total", ["outcome": "deployed"]) == 7)
        #expect(self.page.value("slipway_rollouts_total", ["outcome": "deployed", "class": "build"]) == 0)
        #expect(self.page.value("slipway_rollouts_unfinished") == 3)
        #expect(self.page.value("slipway_rollouts") == 0)
    }

    @Test func quantilesLieWithinTheirBucket() {
        let reading = self.page.histogram("wait_seconds")
        #expect(reading.count == 8)
        #expect(reading.quantile(0) == 0)
        #expect(reading.quantile(1.0 / 8) == 0.1)
        #expect(reading.quantile(4.0 / 8) == 0.1 + 0.9 * 3 / 6)
        #expect(reading.quantile(7.0 / 8) == 1)
        // Above all bounds nothing more is known than the highest one.
        #expect(reading.quantile(1) == 1)
        #expect(HistogramReading(buckets: []).quantile(0.5) == nil)
    }

    @Test func emptyBucketsHoldNoQuantile() {
        let reading = HistogramReading(buckets: [(1, 0), (2, 4), (3, 4), (.infinity, 4)])
        #expect(reading.quantile(0.25) == 1.25)
        #expect(reading.quantile(1) == 2)
    }

    @Test func whatWasThereBeforeIsLeftOut() {
        let earlier = HistogramReading(buckets: [(1, 2), (2, 5), (.infinity, 5)])
        let later = HistogramReading(buckets: [(1, 2), (2, 7), (.infinity, 9)])
        let new = later.since(earlier)
        #expect(new.count == 4)
        #expect(new.quantile(0.5) == 2)
    }
}
