// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Kafka
import Rollouts
import Values

/// What `slipway emit` is asked to do.
struct EmitOptions: Sendable, Equatable {
    /// Fields of the event's data.
    var fields = EmitFields()
    /// CloudEvents `source`; `nil` for the event's own, or one made of project and experiment.
    var source: String?
    /// CloudEvents `id`; `nil` for the event's own, or a random one.
    var id: String?
    /// File of events, `-` for standard input; `nil` makes events of the fields alone.
    var file: String?
    /// How many events are made of the fields alone.
    var count = 1
    /// Events a second; `nil` for as fast as it goes.
    var rate: Double?
    /// How attributes travel.
    var mode = EventDraft.Mode.binary
    /// The key in place of the model's name.
    var key: String?
    /// The partition in place of the key's own.
    var partition: Partition?
    /// The event topic they are sent to; `nil` for the first.
    var topic: String?
    /// Whether events that the worker would dead-letter are refused.
    var checks = true
    /// What the worker takes of an event.
    var limits = EventLimits()
    /// Whether events are printed and not sent.
    var isDryRun = false
    /// Whether the report is JSON.
    var json = false
    /// How long the delivery of an event may take.
    var timeout = Duration.seconds(30)

    init() {}

    /// Reads the command line.
    ///
    /// - Throws: `UsageError` for what does not go together.
    init(_ invocation: Invocation) throws(UsageError) {
        self.fields = try EmitFields(invocation)
        self.source = invocation.text("source")
        self.id = invocation.text("id")
        self.file = invocation.text("file")
        self.count = invocation.integer("count") ?? 1
        self.rate = invocation.number("rate")
        self.mode = invocation.flag("structured") ? .structured : .binary
        self.key = invocation.text("key")
        self.partition = invocation.integer("partition").map { Partition(rawValue: Int32(clamping: $0)) }
        self.topic = invocation.text("topic")
        self.checks = invocation.flag("check")
        self.isDryRun = invocation.flag("dry-run")
        self.json = invocation.flag("json")
        self.timeout = invocation.duration("timeout") ?? self.timeout
        if self.file != nil, invocation.isGiven("count") {
            throw UsageError("--count makes events of the options; it does not go with FILE")
        }
        if self.file == nil, !self.fields.isGiven {
            throw UsageError("nothing to send: name an experiment and a run, or give FILE (- for standard input)")
        }
        if self.count > 1, let id = self.id, !EmitFields.hasPlaceholder(id) {
            throw UsageError("--id is the same for \(self.count) events: write {n} where the number goes")
        }
    }
}
