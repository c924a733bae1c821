// SPDX-License-Identifier: Apache-2.0

import Kafka
import Settings
import Worker

/// The brokers' access rules about Slipway's topics, judged: who may do more than the guarantees bear.
///
/// Pure; what nobody can see in rules (super users, `allow.everyone.if.no.acl.found`) it does not guess.
struct TopicRights: Sendable {
    /// A topic and the rules that match it; `nil` where the brokers check none.
    struct Topic: Sendable {
        let role: TopicRole
        let name: String
        let rules: [AccessRule]?
    }

    let topics: [Topic]

    /// What is too wide, one line each, with the next step.
    var findings: [SettingProblem] {
        if let open = self.topics.first(where: { $0.rules == nil }) {
            let message =
                "these brokers check no rights (no authorizer), so everybody who reaches them may write journal and inbox, which is "
                + "to deploy anything; set authorizer.class.name on the brokers and allow what the README's table names"
            return [Self.problem(open, message)]
        }
        return self.topics.flatMap(self.findings)
    }

    private func findings(_ topic: Topic) -> [SettingProblem] {
        var findings: [SettingProblem] = []
        if topic.isOpen(to: .write) {
            findings.append(
                Self.problem(topic, "everybody (User:*) may write it: \(topic.role.harmOfWriting); \(topic.remedy)")
            )
        }
        if topic.isOpen(to: .read), let harm = topic.role.harmOfReading {
            findings.append(Self.problem(topic, "everybody (User:*) may read it: \(harm); \(topic.remedy)"))
        }
        // Several event topics may well be one principal's; no other topic is a producer's.
        guard topic.role != .events else { return findings }
        let producers = self.topics.filter { $0.role == .events }.flatMap { $0.allowed(to: .write) }
        for principal in topic.allowed(to: .write).intersection(producers).sorted() where principal != "User:*" {
            let message = "\(principal) may write events and this topic too: \(topic.role.harmOfWriting)"
            findings.append(Self.problem(topic, "\(message); give producers principals of their own"))
        }
        return findings
    }

    private static func problem(_ topic: Topic, _ message: String) -> SettingProblem {
        SettingProblem(place: nil, key: "topic \(topic.name) (\(topic.role.rawValue))", message: message)
    }
}

extension TopicRights.Topic {
    fileprivate var remedy: String {
        "take that rule away (kafka-acls --remove) and name the principals that need it"
    }

    /// Who is allowed something; a rule that denies takes its principal out, unless it denies from some address only.
    fileprivate func allowed(to operation: AccessRule.Operation) -> Set<String> {
        let about = (self.rules ?? []).filter { $0.operation == operation || $0.operation == .all }
        let denied = Set(about.filter { !$0.isAllowed && $0.host == "*" }.map(\.principal))
        return denied.contains("User:*") ? [] : Set(about.filter(\.isAllowed).map(\.principal)).subtracting(denied)
    }

    fileprivate func isOpen(to operation: AccessRule.Operation) -> Bool {
        self.allowed(to: operation).contains("User:*")
    }
}

extension TopicRole {
    /// What somebody can do who may write the topic and should not.
    fileprivate var harmOfWriting: String {
        switch self {
        case .events: "anybody's run may be deployed that the routes let through"
        case .inbox, .journal: "who writes it deploys anything, and can hold up every worker"
        case .commands: "who writes it is an operator: it replays and rolls back what it likes"
        case .status: "who writes it can say that something was deployed"
        case .dead: "who writes it can fill it and forge what producers sent"
        }
    }

    /// What somebody can see who may read the topic and should not; `nil` where it is for everybody.
    fileprivate var harmOfReading: String? {
        switch self {
        case .inbox, .journal: "values of environment variables stand in it in clear"
        case .dead: "it holds all that producers ever sent wrongly, secrets included"
        case .commands: "it holds the events that were replayed, values of environment variables included"
        case .events, .status: nil
        }
    }
}
