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

extension Exchange where Self == PageSearch<Experiment, Experiment?> {
    /// Finds the project's experiment with exactly that name.
    package static func experiment(project: String, named name: String) -> Self {
        let pages = Pages.experiments(project: project, Listing(filter: ["name": name]))
        // Names are unique in a workbench: the first is the only one.
        return PageSearch(pages, endsAtFirst: true, where: { $0.name == name }, finding: \.first)
    }
}
