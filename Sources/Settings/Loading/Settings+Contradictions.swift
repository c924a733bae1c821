// SPDX-License-Identifier: Apache-2.0

/// Settings that are right by themselves and wrong together.
extension Settings {
    func contradictions() -> [SettingProblem] {
        var problems: [SettingProblem] = []
        func check(_ holds: Bool, _ key: SettingKey, _ message: String) {
            guard !holds else { return }
            problems.append(SettingProblem(place: self[key]?.source.description, key: key.path, message: message))
        }
        let (session, transaction) = (
            self.integer(.kafkaSessionTimeout), self.integer(.kafkaTransactionTimeout)
        )
        check(
            transaction + 10_000 <= session,
            .kafkaTransactionTimeout,
            """
            is \(transaction), must be at least 10000 less than kafka.session.timeout.ms (\(session)), or a dead worker's \
            transaction would hold back whoever takes over
            """
        )
        check(
            self.duration(.pollingMinimum) <= self.duration(.pollingMaximum),
            .pollingMinimum,
            "is \(self.required(.pollingMinimum)), more than polling.maximum (\(self.required(.pollingMaximum)))"
        )
        check(
            self.duration(.rolloutBackoffBase) <= self.duration(.rolloutBackoffCap),
            .rolloutBackoffBase,
            "is \(self.required(.rolloutBackoffBase)), more than rollout.backoffCap (\(self.required(.rolloutBackoffCap)))"
        )
        var owners: [String: SettingKey] = [:]
        for key in [SettingKey.topicsEvents, .topicsInbox, .topicsStatus, .topicsJournal, .topicsDead] {
            for name in self.list(key) {
                guard let first = owners[name] else {
                    owners[name] = key
                    continue
                }
                let message =
                    first == key ? "names '\(name)' twice" : "is '\(name)', the same topic as \(first.path)"
                check(false, key, message)
            }
        }
        check(
            self[.workbenchAPIKey] == nil || self[.workbenchAPIKeyFile] == nil || self.keySource != nil,
            .workbenchAPIKeyFile,
            "is set together with \(SettingKey.workbenchAPIKey.environmentName); set one of them"
        )
        return problems
    }

    /// Which of the two ways to give the API key outranks the other; `nil` without a key, and where none does.
    package var keySource: SettingKey? {
        let (key, file) = (self[.workbenchAPIKey], self[.workbenchAPIKeyFile])
        guard let key else { return file.map { _ in .workbenchAPIKeyFile } }
        guard let file else { return .workbenchAPIKey }
        guard key.source.rank != file.source.rank else { return nil }
        return key.source.rank > file.source.rank ? .workbenchAPIKey : .workbenchAPIKeyFile
    }
}
