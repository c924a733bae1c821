// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Who sits at this terminal, as far as the machine can say.
enum Operator {
    /// The login's name and the machine's, without its domain: `ann@gateway-1`.
    static var name: String {
        var host = [CChar](repeating: 0, count: 256)
        let hasHost = gethostname(&host, host.count - 1) == 0
        let machine =
            hasHost ? String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
        return self.name(user: self.user, host: machine)
    }

    /// Puts a name together that a command can carry, whatever the parts hold.
    static func name(user: String, host: String) -> String {
        func plain(_ text: some StringProtocol, _ most: Int) -> String {
            String(
                decoding: text.utf8.prefix(most).map { (0x21..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") },
                as: UTF8.self
            )
        }
        let machine = host.split(separator: ".").first.map { "@" + plain($0, 63) } ?? ""
        return (user.isEmpty ? "unknown" : plain(user, 64)) + machine
    }

    private static var user: String {
        // Not the environment, which names whom it likes; no proof either: the rights on the topic are that.
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else { return "uid-\(geteuid())" }
        return String(cString: name)
    }
}
