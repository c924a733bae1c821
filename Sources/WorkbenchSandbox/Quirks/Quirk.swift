// SPDX-License-Identifier: Apache-2.0

/// An answer to something that nobody outside knows about workbenches, other than the one that the sandbox gives by itself.
///
/// Releases differ, and the public definition of the API leaves these open; a client has to be right whichever holds. Unlike
/// a fault, a quirk is not something that goes wrong.
package enum Quirk: String, Sendable, CaseIterable {
    /// A name that the project has already is 409 with code 6 (else 500 that says so).
    case duplicateIs409 = "duplicate-is-409"
    /// It is 500 "Failed to create model", which doesn't say why.
    case duplicateIsVague = "duplicate-is-vague"
    /// An unknown runtime is 404, and an unknown version 400 (else the other way round).
    case unknownSwapped = "unknown-swapped"
    /// The status words of versions are in lower case (else in capitals).
    case lowerCaseVersions = "lower-case-versions"
    /// Registering answers with all versions of the model, the newest first (else with the new one alone).
    case registersNewestFirst = "registers-newest-first"
    /// The oldest first.
    case registersOldestFirst = "registers-oldest-first"
    /// Lists without an order begin with the newest (else with the oldest).
    case listsNewestFirst = "lists-newest-first"
    /// A build is `queued`, `unknown`, `finalizing` and `succeeded` (else pending, queued, building, pushing, built).
    case otherBuildWords = "other-build-words"
    /// A deployment of a build that is not finished fails (else it waits).
    case earlyDeploymentFails = "early-deployment-fails"
    /// It is refused with 400.
    case earlyDeploymentRefused = "early-deployment-refused"
    /// What was deployed before stays deployed beside the new deployment (else it is stopped).
    case keepsOlderDeployments = "keeps-older-deployments"
    /// A deployment without cpu, memory and replicas is refused with 400 (else there are defaults).
    case sizesRequired = "sizes-required"
    /// What is not set is absent (else null).
    case unsetIsAbsent = "unset-is-absent"
    /// Lists without entries are null (else empty).
    case emptyIsNull = "empty-is-null"
    /// Of more than 20 calls a second the rest is answered with 429 (else there is no limit).
    case rateLimited = "rate-limited"
    /// A field of a request that the API doesn't have is refused with 400 (else ignored).
    case unknownFieldsRefused = "unknown-fields-refused"
    /// Answers lack the fields that later releases have added (else they have them).
    case oldRelease = "old-release"

    /// What is not known; one workbench gives one answer to each.
    package enum Question: String, Sendable, CaseIterable {
        case duplicateName, unknownReference, versionWords, registrationAnswer, listOrder, buildWords, earlyDeployment
        case olderDeployment, omittedSizes, unsetFields, rateLimit, unknownFields, release
    }

    /// The question that it answers.
    package var question: Question {
        switch self {
        case .duplicateIs409, .duplicateIsVague: .duplicateName
        case .unknownSwapped: .unknownReference
        case .lowerCaseVersions: .versionWords
        case .registersNewestFirst, .registersOldestFirst: .registrationAnswer
        case .listsNewestFirst: .listOrder
        case .otherBuildWords: .buildWords
        case .earlyDeploymentFails, .earlyDeploymentRefused: .earlyDeployment
        case .keepsOlderDeployments: .olderDeployment
        case .sizesRequired: .omittedSizes
        case .unsetIsAbsent, .emptyIsNull: .unsetFields
        case .rateLimited: .rateLimit
        case .unknownFieldsRefused: .unknownFields
        case .oldRelease: .release
        }
    }
}

extension Quirk {
    /// What such a workbench does, in a few words; in brackets what the usual one does.
    package var meaning: String {
        switch self {
        case .duplicateIs409: "a model's name that is taken is 409 (500 that says so)"
        case .duplicateIsVague: "it is 500 \"Failed to create model\""
        case .unknownSwapped: "an unknown runtime is 404, an unknown version 400 (the other way round)"
        case .lowerCaseVersions: "status words of versions in lower case (in capitals)"
        case .registersNewestFirst: "registering answers with all versions, newest first (with the new one)"
        case .registersOldestFirst: "with all versions, oldest first"
        case .listsNewestFirst: "lists without an order begin with the newest (oldest)"
        case .otherBuildWords: "builds are queued, unknown, finalizing, succeeded (pending to built)"
        case .earlyDeploymentFails: "a deployment of an unfinished build fails (waits)"
        case .earlyDeploymentRefused: "it is refused with 400"
        case .keepsOlderDeployments: "older deployments stay up beside the new one (are stopped)"
        case .sizesRequired: "a deployment must name cpu, memory and replicas (has defaults)"
        case .unsetIsAbsent: "what is not set is absent (null)"
        case .emptyIsNull: "lists without entries are null (empty)"
        case .rateLimited: "429 for more than 20 calls a second (no limit)"
        case .unknownFieldsRefused: "unknown fields of a request are refused with 400 (ignored)"
        case .oldRelease: "answers lack fields that later releases have added (have them)"
        }
    }
}
