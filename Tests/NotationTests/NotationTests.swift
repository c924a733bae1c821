// SPDX-License-Identifier: Apache-2.0

import Notation
import Testing

@Suite("Notation of durations, sizes and addresses")
struct NotationTests {
    @Test(arguments: [
        ("0", Duration.zero), ("0s", .zero), ("250ms", .milliseconds(250)), ("30s", .seconds(30)),
        ("5m", .seconds(300)), ("2h", .seconds(7200)), ("30d", .seconds(2_592_000)), ("1h30m", .seconds(5400)),
        ("1.5s", .milliseconds(1500)), ("0.001ms", .microseconds(1)), ("1d1ns", .seconds(86_400) + .nanoseconds(1)),
        ("007s", .seconds(7)), ("100000d", .longestNotated),
    ])
    func readsDurations(text: String, duration: Duration) {
        #expect(Duration(notation: text) == duration)
    }

    @Test(arguments: [
        "", "5", "s", "-5s", "+5s", "5 s", "5S", "5sec", "1.s", ".5s", "1.2.3s", "30s5m", "1m1m", "1e3s", "٣s",
        "0.5ns", "100001d", "9999999999s", "1s ", "5m3", "１s",
    ])
    func refusesOtherDurations(text: String) {
        #expect(Duration(notation: text) == nil)
    }

    @Test(arguments: ["0s", "250ms", "30s", "90s", "5m", "2h", "30d", "1ns", "1001us", "36h"])
    func writesDurationsInTheGreatestWholeUnit(text: String) throws {
        #expect(try #require(Duration(notation: text)).notation == text)
    }

    @Test(arguments: [
        ("0", 0), ("17", 17), ("512B", 512), ("1kB", 1000), ("1KB", 1000), ("256KiB", 262_144), ("1MiB", 1_048_576),
        ("3MB", 3_000_000), ("2GiB", 2_147_483_648), ("1TiB", 1_099_511_627_776),
    ])
    func readsByteCounts(text: String, bytes: Int) {
        #expect(ByteCount(notation: text)?.bytes == bytes)
    }

    @Test(arguments: ["", "B", "-1", "1.5MiB", "1 MiB", "1mib", "1K", "99999999999999999999", "9999999999TiB", "0x10"])
    func refusesOtherByteCounts(text: String) {
        #expect(ByteCount(notation: text) == nil)
    }

    @Test(arguments: [(0, "0B"), (1000, "1000B"), (1024, "1KiB"), (262_144, "256KiB"), (1 << 30, "1GiB")])
    func writesByteCounts(bytes: Int, text: String) {
        #expect(ByteCount(bytes: bytes).notation == text)
    }

    @Test(arguments: [
        ("localhost:80", "localhost", 80), ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:9464", "::1", 9464),
        ("broker-1.example.org:65535", "broker-1.example.org", 65_535),
    ])
    func readsAddresses(text: String, host: String, port: Int) throws {
        let address = try #require(NetworkAddress(notation: text))
        #expect(address.host == host)
        #expect(Int(address.port) == port)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", ":", ":80", "host", "host:", "host:65536", "host:-1", "host:+1", "::1:80", "[::1]", "[]:80", "[host]:80",
        "a b:80", "http://host:80", "host:80/path", "hôst:80",
    ])
    func refusesOtherAddresses(text: String) {
        #expect(NetworkAddress(notation: text) == nil)
    }

    @Test(arguments: [
        ("kafak.group.id", "kafka.group.id"), ("KAFKA.GROUP.ID", "kafka.group.id"), ("rotues", "routes"),
        ("rout", "routes"), ("log", "log.level"), ("intake.startfrom", "intake.startFrom"),
    ])
    func suggestsTheNearestName(typed: String, meant: String) {
        let names = ["kafka.group.id", "routes", "log.level", "intake.startFrom", "topics.events"]
        #expect(Spelling.nearest(to: typed, among: names) == meant)
    }

    @Test(arguments: ["", "x", "zzzzzz", "completely.different", String(repeating: "routes", count: 100)])
    func suggestsNothingFarOff(typed: String) {
        #expect(Spelling.nearest(to: typed, among: ["routes", "log.level"]) == nil)
    }
}
