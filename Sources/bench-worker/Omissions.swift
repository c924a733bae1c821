// SPDX-License-Identifier: Apache-2.0

import Glibc
import Machine
import Rollouts
import Worker

/// What the environment asks to leave out.
///
/// `BENCH_WITHOUT`: with commas between them
/// - `looks`: nobody looks what an earlier attempt has made; what it would find is answered with nothing, unasked;
/// - `fence`: what is written goes through a producer that knows of no transaction, and no offset is committed;
/// - `journal`: of what would be written only status events and dead letters are, and nobody waits for them.
struct Omissions: Sendable {
    /// Why the environment can't be followed.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    private enum Omission: String {
        case looks, fence, journal
    }

    private let omissions: Set<Omission>

    /// Reads the environment.
    static func read() throws(Mistake) -> Omissions {
        var omissions: Set<Omission> = []
        let text = getenv("BENCH_WITHOUT").map { String(cString: $0) } ?? ""
        for word in text.split(separator: ",") {
            guard let omission = Omission(rawValue: String(word)) else {
                throw Mistake(description: "BENCH_WITHOUT: looks, fence or journal is expected, not '\(word)'")
            }
            omissions.insert(omission)
        }
        return Omissions(omissions: omissions)
    }

    /// Puts what is asked for between the worker and its ports.
    ///
    /// - Parameters:
    ///   - settings: Of the worker.
    ///   - desk: Writes what is written without a fence.
    func apply(to settings: inout WorkerSettings, _ desk: PlainDesk) {
        let isWithoutJournal = self.omissions.contains(.journal)
        let (equip, decorate) = (settings.equip, settings.decorate)
        let (kafka, journal) = (settings.kafka, isWithoutJournal ? settings.topics.journal : nil)
        let writesPlainly = isWithoutJournal || self.omissions.contains(.fence)
        let looks = self.omissions.contains(.looks) ? UnaskedLooks() : nil
        settings.equip = { surroundings in
            equip(surroundings)
            if writesPlainly { desk.open(kafka, surroundings) }
            looks?.equip(surroundings)
        }
        settings.decorate = { ports in
            var ports = decorate(ports)
            if writesPlainly { ports.journal = PlainJournal(ports.journal, desk, leavingOut: journal) }
            return looks?.wrapped(ports) ?? ports
        }
    }
}
