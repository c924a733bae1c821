// SPDX-License-Identifier: Apache-2.0

/// An experiment, as far as we need it.
package struct Experiment: ListItem, Equatable {
    package static var listKey: String { "experiments" }

    /// Id in four groups of four.
    package let id: String
    /// Project that it belongs to.
    package let projectID: String
    /// Name.
    package let name: String
    /// `active` or `deleted`, as MLflow says it.
    package let lifecycleStage: String

    package init(_ fields: Fields) throws(FieldFailure) {
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

extension Pages where Item == Experiment {
    /// A project's experiments.
    package static func experiments(project: String, _ listing: Listing = Listing()) -> Pages {
        Pages(.listExperiments, [project], listing)
    }
}

extension Exchange where Self == Endpoint<Experiment> {
    /// Reads one experiment.
    package static func experiment(project: String, _ id: String) -> Self { Endpoint(.getExperiment, [project, id]) }
}

extension Exchange where Self == PageSearch<Experiment, [Experiment]> {
    /// Finds all experiments of the project with exactly that name; deleted ones only where there is no other.
    ///
    /// One is usual. No document says that there can't be more, and no order of a list says which one is meant.
    package static func experiments(project: String, named name: String) -> Self {
        let pages = Pages.experiments(project: project, Listing(filter: ["name": name]))
        return PageSearch(
            pages,
            where: { $0.name == name },
            finding: { experiments in
                let living = experiments.filter { $0.lifecycleStage.lowercased() != "deleted" }
                return living.isEmpty ? experiments : living
            }
        )
    }
}
