// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Rollouts

@Suite struct ModelNameTests {
    @Test(arguments: [
        "a", "7", "CellTwrFail-CLF-alice", "Churn Model API Endpoint", "a_b.c-1", String(repeating: "x", count: 48),
    ])
    func plainNamesAreGood(name: String) {
        #expect(ModelName.problem(in: name) == nil)
    }

    @Test(arguments: [
        ("XGB telco/alice", "xgb-telco-alice"), ("--A  b--", "a-b"), ("é", ""), ("🚀 launch", "launch"), ("", ""),
        ("a_b.c", "a_b.c"), ("__x__", "x"), ("../../etc/passwd", "etc-passwd"),
    ])
    func slugIsFitForAName(text: String, slug: String) {
        #expect(ModelName.slug(text) == slug)
    }

    @Test func longSlugsKeepApart() {
        let beginning = String(repeating: "long experiment ", count: 5)
        let (first, second) = (ModelName.slug(beginning + "a"), ModelName.slug(beginning + "b"))
        #expect(first != second)
        #expect(ModelName.problem(in: first) == nil)
        #expect(ModelName.slug(beginning + "a") == first)
        #expect(first.utf8.count <= 48)
    }

    @Test(arguments: [
        ("{experimentName|slug}", "xgb-a"), ("m-{runId}", "m-r1"),
        ("{ projectName , experimentName | lower }", "xgb a"),
        ("fixed", "fixed"), ("{experimentName|lower}.{runId}", "xgb a.r1"),
    ])
    func templateFillsInFields(template: String, name: String) throws {
        let values: [ModelNameTemplate.Field: String] = [.experimentName: "XGB a", .runId: "r1"]
        #expect(try ModelNameTemplate(template).name { values[$0] } == name)
    }

    @Test(arguments: [
        (
            "{experiment}",
            ModelNameTemplate.Failure.unknownField("experiment", allowed: ModelNameTemplate.Field.ofModels)
        ),
        ("{}", .unknownField("", allowed: ModelNameTemplate.Field.ofModels)),
        ("{runId|upper}", .unknownFilter("upper")), ("{runId", .unbalanced), ("runId}", .unbalanced),
        ("{runId,}", .unknownField("", allowed: ModelNameTemplate.Field.ofModels)),
    ])
    func wrongTemplateIsRefusedAtLoad(template: String, failure: ModelNameTemplate.Failure) {
        #expect(throws: failure) { try ModelNameTemplate(template) }
    }

    @Test(arguments: ["", "-{runId}", "{runId}/x", "é{runId}", String(repeating: "x", count: 48) + "{runId}"])
    func templateThatNeverMakesANameIsRefusedAtLoad(template: String) {
        #expect(throws: ModelNameTemplate.Failure.self) { try ModelNameTemplate(template) }
    }

    @Test func unknownFieldSaysWhatIsAllowed() {
        let text = ModelNameTemplate.Failure.unknownField("x", allowed: ModelNameTemplate.Field.ofModels).description
        #expect(text.contains("experimentName") && !text.contains("model"))
    }

    @Test func theModelIsAFieldOfRegisteredModelsNamesAlone() throws {
        #expect(throws: ModelNameTemplate.Failure.self) { try ModelNameTemplate("{model}") }
        let template = try ModelNameTemplate(
            "{projectName|slug}-{model}",
            fields: ModelNameTemplate.Field.ofRegisteredModels
        )
        #expect(template.names(.model))
        let values: [ModelNameTemplate.Field: String] = [.projectName: "Team A", .model: "churn"]
        #expect(try template.name { values[$0] } == "team-a-churn")
    }

    @Test func missingFieldsAreNamed() throws {
        let template = try ModelNameTemplate("{projectName,subject}")
        #expect(throws: ModelNameTemplate.Missing(fields: [.projectName, .subject])) { try template.name { _ in nil } }
    }
}
