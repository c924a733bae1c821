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

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
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

extension WorkbenchClient {
    /// Lists runtimes; filter keys: `image_identifier`, `editor`, `kernel`, `edition`, `full_version` and others.
    package func runtimes(_ listing: Listing = Listing()) -> PageSequence<Page<Runtime>> {
        self.pages(.listRuntimes, [], listing)
    }

    /// Returns the newest enabled runtime of exactly that kernel, edition and editor, or `nil`.
    ///
    /// - Parameters:
    ///   - kernel: Such as `Python 3.10`.
    ///   - edition: Such as `Standard`; `nil` for any.
    ///   - editor: Such as `PBJ Workbench`; `nil` for any.
    /// - Returns: The runtime with the greatest version.
    /// - Throws: `APIError`.
    package func newestRuntime(
        kernel: String,
        edition: String? = nil,
        editor: String? = nil
    ) async throws(APIError) -> Runtime? {
        var filter = ["kernel": kernel]
        filter["edition"] = edition
        filter["editor"] = editor
        return try await self.runtimes(Listing(filter: filter)).allItems()
            .filter { runtime in
                runtime.isEnabled && runtime.kernel == kernel && runtime.edition == edition ?? runtime.edition
                    && runtime.editor == editor ?? runtime.editor
            }
            .max { $1.isNewer(than: $0) }
    }
}
