// SPDX-License-Identifier: Apache-2.0

/// What a key of the journal names.
///
/// A key that is none of these is somebody else's: whatever stands under it, no rollout, lane or start is touched by it.
enum JournalKey {
    case rollout(RolloutID)
    case lane(Lane.Key)
    case start

    private static let lanePrefix: StaticString = "lane:"

    /// Reads a key; `nil` for one that this program never writes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        if let id = RolloutID(digits: bytes) {
            self = .rollout(id)
        } else if bytes.elementsEqual(StartRecord.key.utf8) {
            self = .start
        } else {
            let prefix = UnsafeRawBufferPointer(
                start: Self.lanePrefix.utf8Start,
                count: Self.lanePrefix.utf8CodeUnitCount
            )
            guard bytes.starts(with: prefix), let lane = Lane.Key(journalText: bytes.dropFirst(prefix.count)) else {
                return nil
            }
            self = .lane(lane)
        }
    }

    /// The key of a lane's record.
    static func bytes(of lane: Lane.Key) -> [UInt8] { Array("\(Self.lanePrefix)\(lane.journalText)".utf8) }
}

extension Lane.Key {
    /// The lane as keys and header fields of the journal name it; a project's id has no slash, so it names one lane only.
    package var journalText: String { "\(self.projectID)/\(self.modelName)" }

    /// Reads `journalText`; `nil` for anything else.
    init?(journalText bytes: some Collection<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self), let slash = text.firstIndex(of: "/") else {
            return nil
        }
        let (project, model) = (text[..<slash], text[text.index(after: slash)...])
        guard !project.isEmpty, !model.isEmpty else { return nil }
        self.init(projectID: String(project), modelName: String(model))
    }
}
