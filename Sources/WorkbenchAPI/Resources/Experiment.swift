// SPDX-License-Identifier: Apache-2.0

/// An experiment, as far as we need it.
package struct Experiment: ListItem, Equatable {
    package static var listKey: String { "experiments" }

    /// Id in four groups of four.
    package let id: String
    /// Project that it belongs to.
    package let projectID: String
    /// Name; unique in a workbench.
    package let name: String
    /// `active` or `deleted`, as MLflow says it.
    package let lifecycleStage: String

    package init(from decoder: any Decoder) throws {
        let fields = try Fields(decoder)
        self.id = try fields.requiredText("id")
        self.projectID = try fields.text("project_id")
        self.name = try fields.text("name")
        self.lifecycleStage = try fields.text("lifecycle_stage")
    }
}

extension APIOperation {
    static let listExperiments = APIOperation("ListExperiments", "GET", "/projects/{project_id}/experiments")
    static let getExperiment = APIOperation(
        "GetExperiment",
        "GET",
        "/projects/{project_id}/experiments/{experiment_id}"
    )
}

extension WorkbenchClient {
    /// Lists a project's experiments.
    package func experiments(
        project: String,
        _ listing: Listing = Listing()
    ) -> PageSequence<Page<Experiment>> {
        self.pages(.listExperiments, [project], listing)
    }

    /// Returns one experiment.
    package func experiment(project: String, _ id: String) async throws(APIError) -> Experiment {
        try await self.call(Call(operation: .getExperiment, arguments: [project, id]))
    }

    /// Returns the project's experiment with exactly that name, or `nil`.
    package func findExperiment(project: String, named name: String) async throws(APIError) -> Experiment? {
        let listing = Listing(filter: ["name": name])
        var pages = self.experiments(project: project, listing).makeAsyncIterator()
        while let page = try await pages.next() {
            if let found = page.items.first(where: { $0.name == name }) {
                return found
            }
        }
        return nil
    }
}
