// SPDX-License-Identifier: Apache-2.0

/// A runtime image that builds can use.
package struct Runtime: ListItem, Equatable {
    package static var listKey: String { "runtimes" }

    /// Image, such as `docker.repository.cloudera.com/cloudera/cdsw/ml-runtime-...:2024.10.1-b12`.
    package let imageIdentifier: String
    /// Editor, such as `JupyterLab` or `PBJ Workbench`.
    package let editor: String
    /// Kernel, such as `Python 3.10`.
    package let kernel: String
    /// Edition, such as `Standard` or `Nvidia GPU`.
    package let edition: String
    /// Version, such as `2024.10.1-b12`.
    package let version: String
    /// `ENABLED`, `DISABLED` or `DEPRECATED`; empty in older releases.
    package let status: String

    package init(_ fields: Fields) throws(FieldFailure) {
        self.imageIdentifier = try fields.requiredText("image_identifier")
        self.editor = try fields.text("editor")
        self.kernel = try fields.text("kernel")
        self.edition = try fields.text("edition")
        self.version = try fields.text("full_version")
        self.status = try fields.text("status")
    }

    /// Whether builds may use it.
    package var isEnabled: Bool { self.status.isEmpty || self.status.uppercased() == "ENABLED" }

    /// Whether its version is greater than another's: compared number by number, so that `b12` comes after `b9`.
    package func isNewer(than other: Runtime) -> Bool {
        let (numbers, otherNumbers) = (Self.numbers(in: self.version), Self.numbers(in: other.version))
        guard numbers == otherNumbers else { return otherNumbers.lexicographicallyPrecedes(numbers) }
        return other.imageIdentifier.utf8.lexicographicallyPrecedes(self.imageIdentifier.utf8)
    }

    private static func numbers(in version: String) -> [Int] {
        version.split { !("0"..."9").contains($0) }.map { Int($0) ?? .max }
    }
}

extension APIOperation {
    static let listRuntimes = APIOperation("ListRuntimes", "GET", "/runtimes")
}

extension Pages where Item == Runtime {
    /// The runtimes; filter keys: `image_identifier`, `editor`, `kernel`, `edition`, `full_version` and others.
    package static func runtimes(_ listing: Listing = Listing()) -> Pages {
        Pages(.listRuntimes, [], listing)
    }
}

extension Exchange where Self == PageSearch<Runtime, Runtime?> {
    /// Finds the enabled runtime with exactly that image identifier.
    package static func enabledRuntime(identifier: String) -> Self {
        PageSearch(
            .runtimes(Listing(filter: ["image_identifier": identifier])),
            endsAtFirst: true,
            where: { $0.isEnabled && $0.imageIdentifier == identifier },
            finding: \.first
        )
    }

    /// Finds the newest enabled runtime of exactly that kernel, edition and editor.
    ///
    /// - Parameters:
    ///   - kernel: Such as `Python 3.10`.
    ///   - edition: Such as `Standard`; `nil` for any.
    ///   - editor: Such as `PBJ Workbench`; `nil` for any.
    /// - Returns: A search for the runtime with the greatest version.
    package static func newestRuntime(kernel: String, edition: String? = nil, editor: String? = nil) -> Self {
        var filter = ["kernel": kernel]
        filter["edition"] = edition
        filter["editor"] = editor
        return PageSearch(
            .runtimes(Listing(filter: filter)),
            where: { runtime in
                runtime.isEnabled && runtime.kernel == kernel && runtime.edition == edition ?? runtime.edition
                    && runtime.editor == editor ?? runtime.editor
            },
            finding: { runtimes in runtimes.max { $1.isNewer(than: $0) } }
        )
    }
}
