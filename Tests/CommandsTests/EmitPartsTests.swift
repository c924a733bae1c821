// SPDX-License-Identifier: Apache-2.0

import JSON
import Rollouts
import Testing
import Values

@testable import Commands

@Suite("Parts of emit")
struct EmitPartsTests {
    private let time = Timestamp(millisecondsSinceEpoch: 1_770_000_000_000)

    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

    private func builder(_ change: (inout EmitOptions) -> Void = { _ in }) -> EmitBuilder {
        var options = EmitOptions()
        change(&options)
        return EmitBuilder(options, topic: "events")
    }

    private func document(_ text: String, line: Int = 1) -> EventLines.Document {
        EventLines.Document(line: line, bytes: Array(text.utf8))
    }

    // MARK: Drafts

    @Test func aPlainObjectBecomesACloudEventInBinaryMode() throws {
        var builder = self.builder()
        let document = self.document(#"{"projectId":"p","experimentId":"e","runId":"r","model":{"name":"m"}}"#)
        let candidate = builder.next(document, time: self.time) { "id-1" }
        #expect(candidate.problem == nil)
        #expect(candidate.record.key == Array("m".utf8))
        #expect(
            candidate.record.headers.map { "\($0.name)=\($0.text ?? "?")" } == [
                "ce_specversion=1.0", "ce_type=ai.experiment.run.finished.v1", "ce_source=/projects/p/experiments/e",
                "ce_id=id-1", "ce_time=2026-02-02T02:40:00.000Z", "ce_subject=r", "content-type=application/json",
                "ce_partitionkey=m",
            ]
        )
    }

    @Test(arguments: [
        (#""modle":{"name":"m"}"#, "'data.modle' means nothing; did you mean 'data.model'?"),
        (#""project_id":"p""#, "'data.project_id' means nothing; did you mean 'data.projectId'?"),
        (#""RunID":"r""#, "'data.RunID' means nothing; did you mean 'data.runId'?"),
        (#""memory_gb":4"#, "'data.memory_gb' means nothing; did you mean 'data.deployment.memoryGB'?"),
        (#""model_name":"m""#, "'data.model_name' means nothing; did you mean 'data.model.name'?"),
        (#""build":{"image":"i"}"#, "'data.build.image' means nothing; allowed: runtime, comment"),
        (#""a b":1"#, "a field of data whose name is no word means nothing; allowed: "),
    ])
    func aFieldThatMeansNothingIsRefusedWithWhatMayBeMeant(member: String, message: String) {
        var builder = self.builder()
        let candidate = builder.next(self.document("{\"experimentId\":\"e\",\(member)}"), time: self.time) { "1" }
        #expect(candidate.problem?.class == .unknownField)
        #expect(candidate.problem?.message.hasPrefix(message) == true, "\(candidate.problem?.message ?? "")")
        var unchecked = self.builder { $0.checks = false }
        #expect(unchecked.next(self.document("{\(member)}"), time: self.time) { "1" }.problem == nil)
    }

    @Test func aModelsNameThatNoWorkbenchTakesIsRefused() {
        var builder = self.builder()
        let text = #"{"experimentId":"e","model":{"name":"Ümläut/Model"}}"#
        let problem = builder.next(self.document(text), time: self.time) { "1" }.problem
        #expect(problem?.class == .invalidValue)
        #expect(problem?.message.hasPrefix("data.model.name: the model name has characters other than") == true)
    }

    @Test func aStructuredEventKeepsItsOwnAttributes() throws {
        let text = #"""
            {"specversion":"1.0","type":"ai.experiment.run.finished.v1","source":"/job","id":"7","time":"2026-01-01T00:00:00Z",
            "unknown":true,"number":3,"data":{"experimentId":"e","runId":"r"}}
            """#
        var builder = self.builder()
        let candidate = builder.next(self.document(text), time: self.time) { "never" }
        #expect(candidate.problem == nil)
        #expect(candidate.id == "7" && candidate.source == "/job")
        let headers = candidate.record.headers
        #expect(headers.first { $0.name == "ce_unknown" }?.text == "true")
        #expect(headers.first { $0.name == "ce_number" }?.text == "3")
        #expect(headers.first { $0.name == "ce_time" }?.text == "2026-01-01T00:00:00Z")
        #expect(candidate.record.key == nil)
    }

    @Test func structuredModeIsReadAsTheSameEvent() throws {
        let text = #"{"experimentId":"e","runId":"r","model":{"name":"m"}}"#
        var binary = self.builder()
        var structured = self.builder { $0.mode = .structured }
        let first = binary.next(self.document(text), time: self.time) { "1" }.record
        let second = structured.next(self.document(text), time: self.time) { "1" }.record
        #expect(second.headers == [RecordHeader("content-type", "application/cloudevents+json")])
        let read = try [first, second].map { try EventDecoder.decode(OriginalRecord($0.asRead)).get() }
        #expect(read[0] == read[1])
    }

    @Test(arguments: [
        (#"{"runId":"r"}"#, DeadLetterReason.Class.missingField),
        (#"{"experimentId":"e","runId":5}"#, .wrongType), (#"{"experimentId":"../e"}"#, .invalidValue),
        (#"{"experimentId":"e""#, .truncated), ("nonsense", .malformedJSON), ("[1]", .wrongType),
        (#"{"specversion":"0.3","type":"t","source":"s","id":"1","data":{}}"#, .unsupportedSpecVersion),
        (#"{"specversion":"1.0","type":"other","source":"s","id":"1","data":{}}"#, .unknownType),
        (#"{"specversion":"1.0","type":"ai.experiment.run.finished.v1","source":"s","id":"1"}"#, .missingField),
    ])
    func whatTheWorkerWouldDeadLetterIsRefused(_ text: String, _ reason: DeadLetterReason.Class) {
        var builder = self.builder()
        #expect(builder.next(self.document(text), time: self.time) { "1" }.problem?.class == reason)
    }

    @Test func uncheckedBytesGoAsTheyAre() {
        var builder = self.builder {
            $0.checks = false
            $0.key = "k{n}"
        }
        let candidate = builder.next(self.document("{\"cut"), time: self.time) { "1" }
        #expect(candidate.problem == nil)
        #expect(candidate.record == ProducerRecord(topic: "events", key: Array("k1".utf8), value: Array("{\"cut".utf8)))
    }

    // MARK: Fields

    @Test func fieldsReplaceTheFilesOwn() throws {
        var fields = EmitFields()
        fields.add(["model", "name"], .string("new"))
        fields.add(["deployment", "environment", "A"], .string("1"))
        let data = fields.applied(to: try self.json(#"{"runId":"r","model":{"name":"old","artifactPath":"a"}}"#))
        #expect(
            try self.json(
                #"{"runId":"r","model":{"name":"new","artifactPath":"a"},"deployment":{"environment":{"A":"1"}}}"#
            ) == data
        )
    }

    @Test func theModelOfAnOptionIsThePartitionKeyToo() {
        var builder = self.builder { $0.fields.add(["model", "name"], .string("new")) }
        let text = #"""
            {"specversion":"1.0","type":"ai.experiment.run.finished.v1","source":"s","id":"1","partitionkey":"old",
            "data":{"experimentId":"e","model":{"name":"old"}}}
            """#
        let record = builder.next(self.document(text), time: self.time) { "1" }.record
        #expect(record.key == Array("new".utf8))
        #expect(record.headers.first { $0.name == "ce_partitionkey" }?.text == "new")
    }

    @Test func theSessionsProjectOnlyFillsAGap() throws {
        var fields = EmitFields()
        fields.add(["projectId"], .string("session"), isFallback: true)
        #expect(fields.applied(to: try self.json("{}"))["projectId"]?.text == "session")
        #expect(fields.applied(to: try self.json(#"{"projectName":"n"}"#))["projectId"] == nil)
        fields.add(["projectName"], .string("flag"))
        #expect(fields.applied(to: try self.json("{}"))["projectId"] == nil)
        #expect(!EmitFields().isGiven && fields.isGiven)
    }

    @Test func placeholdersTakeTheEventsNumber() {
        var builder = self.builder { options in
            options.fields.add(["experimentId"], .string("e"))
            options.fields.add(["runId"], .string("r-{n}"))
            options.fields.add(["model", "name"], .string("{n}-{n}"))
        }
        let candidates = (1...3).map { number in builder.next(time: self.time) { "id-\(number)" } }
        #expect(candidates.map(\.run) == ["r-1", "r-2", "r-3"])
        #expect(candidates.map(\.model) == ["1-1", "2-2", "3-3"])
        #expect(candidates.map(\.id) == ["id-1", "id-2", "id-3"])
        #expect(candidates.allSatisfy { $0.problem == nil })
    }

    // MARK: Files

    @Test func ndjsonIsCutAtLines() throws {
        var lines = EventLines()
        let bytes = Array("\n {\"a\":1} \r\n\n{\"b\":2}\n{\"c\"".utf8)
        var found = try lines.add(bytes)
        found += try lines.add(Array(":3}".utf8))
        if let last = lines.finish() { found.append(last) }
        #expect(found.map(\.line) == [2, 4, 5])
        #expect(found.map { self.text($0.bytes) } == [#"{"a":1}"#, #"{"b":2}"#, #"{"c":3}"#])
        #expect(lines.finish() == nil)
    }

    @Test func everyCutOfTheBytesGivesTheSame() throws {
        let bytes = Array("{\"a\":1}\n\n{\"b\":\"ü\"}\nbroken\n{\"c\":3}\n".utf8)
        for cut in 0...bytes.count {
            var lines = EventLines()
            var found = try lines.add(bytes[..<cut])
            found += try lines.add(bytes[cut...])
            if let last = lines.finish() { found.append(last) }
            #expect(found.map(\.line) == [1, 3, 4, 5])
        }
    }

    @Test(arguments: ["{\"a\":1}\n{\"b\":2}\n", "\r\n{\"a\":1}\n{\"b\":2}"])
    func aByteOrderMarkIsPassedOver(text: String) throws {
        let bytes = Array("\u{FEFF}\(text)".utf8)
        for cut in 0...bytes.count {
            var lines = EventLines()
            var found = try lines.add(bytes[..<cut])
            found += try lines.add(bytes[cut...])
            if let last = lines.finish() { found.append(last) }
            #expect(found.map { self.text($0.bytes) } == [#"{"a":1}"#, #"{"b":2}"#])
        }
    }

    @Test func aDocumentOverSeveralLinesIsOne() throws {
        var lines = EventLines()
        #expect(try lines.add(Array("\n{\n \"a\": {\n".utf8)).isEmpty)
        #expect(try lines.add(Array("}\n}\n\n".utf8)).isEmpty)
        let last = lines.finish()
        #expect(last?.line == 2)
        #expect(self.text(last?.bytes) == "{\n \"a\": {\n}\n}")
    }

    @Test func anEndlessLineIsRefused() {
        var lines = EventLines()
        #expect(throws: EventLines.TooLarge.self) {
            _ = try lines.add([UInt8](repeating: 0x7B, count: EventLines.maximumBytes + 1))
        }
    }

    // MARK: Pace

    @Test func aRateIsHeldByCatchingUp() {
        let pace = EmitPace(rate: 10)
        #expect(pace.portion(sent: 0, elapsed: .zero) == 1)
        #expect(pace.portion(sent: 1, elapsed: .zero) == 0)
        #expect(pace.due(afterSending: 1) == .milliseconds(100))
        #expect(pace.portion(sent: 1, elapsed: .milliseconds(100)) == 1)
        #expect(pace.portion(sent: 1, elapsed: .seconds(1)) == 10)
        #expect(pace.portion(sent: 0, elapsed: .seconds(1_000_000)) == EmitPace.largestPortion)
        #expect(EmitPace(rate: nil).portion(sent: 5, elapsed: .zero) == EmitPace.largestPortion)
    }
}
