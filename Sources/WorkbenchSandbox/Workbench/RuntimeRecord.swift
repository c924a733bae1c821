// SPDX-License-Identifier: Apache-2.0

import Values

/// A runtime image that builds can use.
struct RuntimeRecord: Sendable, Identifiable {
    let editor: String
    let kernel: String
    let edition: String
    let version: String
    let status: String

    var id: String {
        let editor = self.editor.lowercased().split(separator: " ").joined(separator: "-")
        let kernel = self.kernel.lowercased().split(separator: " ").joined()
        let edition = self.edition == "Nvidia GPU" ? "cuda" : self.edition.lowercased()
        return "docker.repository.cloudera.com/cloudera/cdsw/ml-runtime-\(editor)-\(kernel)-\(edition):\(self.version)"
    }

    /// What every sandbox offers.
    static let shipped: [RuntimeRecord] = [
        RuntimeRecord("Workbench", "Python 3.9", "Standard", "2024.10.1-b12"),
        RuntimeRecord("PBJ Workbench", "Python 3.9", "Standard", "2024.10.1-b12"),
        RuntimeRecord("PBJ Workbench", "Python 3.10", "Standard", "2024.10.1-b12"),
        RuntimeRecord("PBJ Workbench", "Python 3.10", "Standard", "2025.01.3-b8"),
        RuntimeRecord("PBJ Workbench", "Python 3.11", "Standard", "2025.01.3-b8"),
        RuntimeRecord("PBJ Workbench", "Python 3.11", "Nvidia GPU", "2025.01.3-b8"),
        RuntimeRecord("JupyterLab", "Python 3.9", "Standard", "2024.10.1-b12"),
        RuntimeRecord("JupyterLab", "Python 3.10", "Standard", "2024.10.1-b12"),
        RuntimeRecord("JupyterLab", "Python 3.10", "Standard", "2025.01.3-b8"),
        RuntimeRecord("JupyterLab", "Python 3.11", "Standard", "2025.01.3-b8"),
        RuntimeRecord("JupyterLab", "Python 3.11", "Nvidia GPU", "2025.01.3-b8"),
        RuntimeRecord("Workbench", "Python 3.7", "Standard", "2023.05.1-b4", status: "DISABLED"),
    ]

    private init(_ editor: String, _ kernel: String, _ edition: String, _ version: String, status: String = "ENABLED") {
        self.editor = editor
        self.kernel = kernel
        self.edition = edition
        self.version = version
        self.status = status
    }

    private var description: String { "\(self.edition) edition, \(self.editor), \(self.kernel)" }

    func write(to writer: inout ProtoWriter) {
        writer.object { writer in
            writer.string("image_identifier", self.id)
            writer.string("editor", self.editor)
            writer.string("kernel", self.kernel)
            writer.string("edition", self.edition)
            writer.string("description", self.description)
            writer.string("full_version", self.version)
            writer.string("status", self.status)
            writer.int32("register_user_id", 0)
        }
    }
}

extension RuntimeRecord: Listable {
    /// Runtimes are there from the start.
    var createdAt: Timestamp { Timestamp(microsecondsSinceEpoch: 0) }

    func listValue(_ key: String, at now: Timestamp) -> ListValue {
        switch key {
        case "image_identifier": .text(self.id)
        case "editor": .text(self.editor)
        case "kernel": .text(self.kernel)
        case "edition": .text(self.edition)
        case "description": .text(self.description)
        case "full_version": .text(self.version)
        default: .unset
        }
    }
}
