// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
package import Values

/// Looks for versions, such as those that come from one run, in all registered models of exactly one name.
package struct VersionSearch: Exchange {
    private typealias ModelSearch = PageSearch<RegisteredModel, [RegisteredModel]>
    private typealias OneModelSearch = PageSearch<RegisteredModelVersion, [RegisteredModelVersion]>

    private enum Stage: Sendable {
        /// Models of the name are looked for. Next: `versions`, or the end where there are none.
        case models(ModelSearch)
        /// Versions of one model are looked for, then those of the rest. Next: `versions` of the rest, or the end.
        case versions(OneModelSearch, rest: ArraySlice<RegisteredModel>)
    }

    private let isWanted: @Sendable (RegisteredModelVersion) -> Bool
    private var stage: Stage
    private var found: [RegisteredModelVersion] = []

    init(modelNamed name: String, where isWanted: @escaping @Sendable (RegisteredModelVersion) -> Bool) {
        self.isWanted = isWanted
        self.stage = .models(.registeredModels(named: name))
    }

    package func draft(in dialect: Dialect) -> RequestDraft {
        switch self.stage {
        case .models(let search): search.draft(in: dialect)
        case .versions(let search, _): search.draft(in: dialect)
        }
    }

    package mutating func received(
        _ response: HTTPResponse,
        in dialect: Dialect,
        now: Timestamp
    ) throws(APIError) -> ExchangeStep<[RegisteredModelVersion]> {
        switch self.stage {
        case .models(var search):
            switch try search.received(response, in: dialect, now: now) {
            case .another: self.stage = .models(search)
            case .ended(let models): return self.goOn(with: models[...])
            }
        case .versions(var search, let rest):
            switch try search.received(response, in: dialect, now: now) {
            case .another: self.stage = .versions(search, rest: rest)
            case .ended(let versions):
                self.found += versions
                return self.goOn(with: rest)
            }
        }
        return .another
    }

    private mutating func goOn(with models: ArraySlice<RegisteredModel>) -> ExchangeStep<[RegisteredModelVersion]> {
        guard let model = models.first else {
            return .ended(self.found.sortedByAge { ($0.createdAt, $0.id) })
        }
        let search = OneModelSearch(
            .registeredVersions(model: model.id),
            where: self.isWanted,
            finding: { $0 }
        )
        self.stage = .versions(search, rest: models.dropFirst())
        return .another
    }
}

extension Exchange where Self == VersionSearch {
    /// Finds the versions of models of exactly that name which come from the run, oldest first.
    ///
    /// A version that records no run counts if it carries `tag`.
    package static func versions(modelNamed name: String, run: String, tag: APITag? = nil) -> Self {
        VersionSearch(modelNamed: name) { $0.isOf(run: run, tag: tag) }
    }

    /// Finds versions of models of exactly that name, oldest first.
    package static func versions(
        modelNamed name: String,
        where isWanted: @escaping @Sendable (RegisteredModelVersion) -> Bool
    ) -> Self {
        VersionSearch(modelNamed: name, where: isWanted)
    }
}
