// SPDX-License-Identifier: Apache-2.0

/// How far an object has come, as the workbench says it.
///
/// The word is kept as received. Words are compared without regard to case; an unknown one is "in progress", unless it
/// says that something failed.
package struct LifecycleStatus<Vocabulary: StatusVocabulary>: Sendable, Hashable, CustomStringConvertible {
    /// The word as received, at most 64 characters; may be empty.
    package let word: String
    /// What the word means.
    package let stage: LifecycleStage

    /// Reads a status word.
    package init(_ word: String) {
        self.word = ServerText.clean(word, limit: 64)
        let word = self.word.lowercased()
        self.stage = Vocabulary.stage(of: word) ?? (Self.saysFailure(word) ? .failed : .inProgress)
    }

    /// Whether a lower-case word has `fail` in it; `contains` prepares a search that costs more than reading the rest.
    private static func saysFailure(_ word: String) -> Bool {
        var rest = word.utf8[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "f")) {
            rest = rest[start...]
            if rest.starts(with: "fail".utf8) { return true }
            rest.removeFirst()
        }
        return false
    }

    /// Whether the object can be used.
    package var isReady: Bool { self.stage == .ready }
    /// Whether it will never be of use.
    package var isFailed: Bool { self.stage == .failed }
    /// Whether it is worth asking again.
    package var isInProgress: Bool { self.stage == .inProgress }
    /// Whether someone or something took it away again.
    package var isEnded: Bool { self.stage == .ended }

    /// The word as received.
    package var description: String { self.word }
}

/// What a status word means.
package enum LifecycleStage: String, Sendable, CaseIterable {
    /// Ask again.
    case inProgress
    /// Usable.
    case ready
    /// Will never be usable.
    case failed
    /// Was taken away: stopped or deleted.
    case ended
}

/// The known words of one kind of object.
package protocol StatusVocabulary: Sendable {
    /// Returns the meaning of a lower-case word, or `nil` for a word that isn't known.
    static func stage(of word: String) -> LifecycleStage?
}

/// Words of a registered model version.
package enum VersionVocabulary: StatusVocabulary {
    package static func stage(of word: String) -> LifecycleStage? {
        switch word {
        case "ready": .ready
        case "deleting", "deleted": .ended
        default: nil
        }
    }
}

/// Words of a model build.
package enum BuildVocabulary: StatusVocabulary {
    package static func stage(of word: String) -> LifecycleStage? {
        switch word {
        case "built", "succeeded": .ready
        case "timedout", "timed out", "timed_out": .failed
        default: nil
        }
    }
}

/// Words of a model deployment; `running` is what some clients take for `deployed`.
package enum DeploymentVocabulary: StatusVocabulary {
    package static func stage(of word: String) -> LifecycleStage? {
        switch word {
        case "deployed", "running": .ready
        case "timedout", "timed out", "timed_out": .failed
        case "stopping", "stopped": .ended
        default: nil
        }
    }
}

/// Status of a registered model version.
package typealias VersionStatus = LifecycleStatus<VersionVocabulary>
/// Status of a model build.
package typealias BuildStatus = LifecycleStatus<BuildVocabulary>
/// Status of a model deployment.
package typealias DeploymentStatus = LifecycleStatus<DeploymentVocabulary>
