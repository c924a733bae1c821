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
        let validity = self.duration(.rolloutIntentValidity)
        check(
            validity + Self.expulsionMargin <= .milliseconds(session),
            .rolloutIntentValidity,
            """
            is \(self.required(.rolloutIntentValidity)), must be at least 5s less than kafka.session.timeout.ms \
            (\(session)): a worker that is cut off from Kafka alone would still make calls when others have its partitions
            """
        )
        problems += self.pollInterval(session: session)
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
        for (key, message) in self.sharedTopics() { check(false, key, message) }
        check(
            self[.workbenchAPIKey] == nil || self[.workbenchAPIKeyFile] == nil || self.keySource != nil,
            .workbenchAPIKeyFile,
            "is set together with \(SettingKey.workbenchAPIKey.environmentName); set one of them"
        )
        return problems
    }

    /// Topics that are named twice.
    private func sharedTopics() -> [(SettingKey, String)] {
        var owners: [String: SettingKey] = [:]
        var shared: [(SettingKey, String)] = []
        for key in [SettingKey.topicsEvents, .topicsInbox, .topicsStatus, .topicsJournal, .topicsCommands, .topicsDead]
        {
            for name in self.list(key) {
                guard let first = owners[name] else {
                    owners[name] = key
                    continue
                }
                let message = first == key ? "names '\(name)' twice" : "is '\(name)', the same topic as \(first.path)"
                shared.append((key, message))
            }
        }
        return shared
    }

    /// Between two heartbeats, which count from the one before, lie three seconds; a commit's answer takes its time, too.
    private static let expulsionMargin = Duration.seconds(5)

    /// How long a worker may poll nothing, while it holds back a partition that the group wants.
    private static let longestHold = 30_000

    /// `max.poll.interval.ms` is librdkafka's, and must leave room for a hand-over.
    private func pollInterval(session: Int) -> [SettingProblem] {
        let name = "max.poll.interval.ms"
        guard let property = self.properties.last(where: { $0.name == name }),
            let interval = property.value.text.flatMap({ Int($0) })
        else { return [] }
        let message: String
        if interval < Self.longestHold + 10_000 {
            message =
                "is \(interval), must be at least \(Self.longestHold + 10_000): a worker polls nothing for up to "
                + "\(Self.longestHold) while it ends what is under way in a partition that another one takes over"
        } else if interval < session {
            message = "is \(interval), less than kafka.session.timeout.ms (\(session)); librdkafka takes no such pair"
        } else {
            return []
        }
        return [SettingProblem(place: property.value.source.description, key: property.path, message: message)]
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
