// SPDX-License-Identifier: Apache-2.0

/// What a key of the journal names.
///
/// A key that is none of these is somebody else's: whatever stands under it, no rollout, lane or start is touched by it.
enum JournalKey {
    case rollout(RolloutID)
    case lane(Lane.Key)
    case start
    case commands
    case command(CommandName)

    private static let lanePrefix: StaticString = "lane:"
    private static let commandPrefix: StaticString = "command:"

    /// Reads a key; `nil` for one that this program never writes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        if let id = RolloutID(digits: bytes) {
            self = .rollout(id)
        } else if bytes.elementsEqual(StartRecord.key.utf8) {
            self = .start
        } else if bytes.elementsEqual(CommandsPosition.key.utf8) {
            self = .commands
        } else if let digits = Self.rest(of: bytes, behind: Self.commandPrefix) {
            guard let name = CommandName(digits: digits) else { return nil }
            self = .command(name)
        } else {
            guard let text = Self.rest(of: bytes, behind: Self.lanePrefix), let lane = Lane.Key(journalText: text)
            else {
                return nil
            }
            self = .lane(lane)
        }
    }

    private static func rest(of bytes: UnsafeRawBufferPointer, behind prefix: StaticString) -> UnsafeRawBufferPointer? {
        let prefix = UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        return bytes.starts(with: prefix) ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst(prefix.count)) : nil
    }

    /// The key of a lane's record.
    static func bytes(of lane: Lane.Key) -> [UInt8] { Array("\(Self.lanePrefix)\(lane.journalText)".utf8) }

    /// The key of the record of a command that was done.
    static func bytes(of command: CommandName) -> [UInt8] { Array("\(Self.commandPrefix)\(command)".utf8) }
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
