// SPDX-License-Identifier: Apache-2.0

import Files
import Settings
import WorkbenchAPI

/// Where the API key goes, and what stands in the way of somebody on that way.
struct WorkbenchAddresses {
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    /// Why the key would be sent in clear, where that was not asked for.
    var problems: [SettingProblem] {
        guard !self.settings.flag(.workbenchAllowPlaintext) else { return [] }
        return self.plaintext.map { key, host in
            self.problem(
                key,
                "would send the API key in clear to \(host): use https://, or set workbench.allowPlaintext: true where nobody else "
                    + "is on the way"
            )
        }
    }

    /// What is weak and was asked for, or can't be refused.
    var warnings: [SettingProblem] {
        var warnings = self.plaintext.map { key, host in
            self.problem(key, "the API key goes to \(host) in clear, as workbench.allowPlaintext allows; use https://")
        }
        if !self.settings.flag(.workbenchVerifyTLS) {
            let message = "the workbench's certificate is not checked, so anybody on the way can take the API key; "
            warnings.append(
                self.problem(.workbenchVerifyTLS, message + "give its authority as workbench.caBundle instead")
            )
        }
        if let path = self.settings.path(.workbenchAPIKeyFile), FileMode(of: path)?.isReadableByEverybody == true {
            warnings.append(
                self.problem(.workbenchAPIKeyFile, "everybody on this machine may read \(path); chmod o-r \(path)")
            )
        }
        return warnings
    }

    /// The addresses that are reached over plain http, beyond this machine.
    private var plaintext: [(key: SettingKey, host: String)] {
        [SettingKey.workbenchURL, .workbenchModelServiceURL].compactMap { key in
            // What is no address is told elsewhere.
            guard let url = self.settings.text(key).flatMap({ try? ServiceURL($0) }), !url.isEncrypted, !url.isLoopback
            else { return nil }
            return (key, url.authority)
        }
    }

    private func problem(_ key: SettingKey, _ message: String) -> SettingProblem {
        SettingProblem(place: self.settings[key]?.source.description, key: key.path, message: message)
    }
}
