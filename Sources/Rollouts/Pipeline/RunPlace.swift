// SPDX-License-Identifier: Apache-2.0

/// A project as the workbench says it is.
package struct ProjectFacts: Sendable, Equatable {
    /// Its id.
    package var id: String
    /// Its name: unique for one owner only.
    package var name: String
    /// Its owner; empty where the workbench says nothing.
    package var owner: String

    /// Creates facts.
    package init(id: String, name: String, owner: String = "") {
        self.id = id
        self.name = name
        self.owner = owner
    }
}

/// An experiment as the workbench says it is.
package struct ExperimentFacts: Sendable, Equatable {
    /// Its id.
    package var id: String
    /// The project that it belongs to; empty where the workbench says nothing.
    package var projectID: String
    /// Its name.
    package var name: String

    /// Creates facts.
    package init(id: String, projectID: String, name: String) {
        self.id = id
        self.projectID = projectID
        self.name = name
    }
}

/// Where a run lies, as the workbench says it: an event only claims it.
package struct RunPlace: Sendable, Equatable {
    /// The project.
    package var project: ProjectFacts
    /// The experiment, which belongs to that project.
    package var experiment: ExperimentFacts

    /// Creates a place.
    package init(project: ProjectFacts, experiment: ExperimentFacts) {
        self.project = project
        self.experiment = experiment
    }

    /// The place as an event that says all of it would name it.
    func reference(runID: String?) -> RunReference {
        RunReference(
            projectID: self.project.id,
            projectName: self.project.name.isEmpty ? nil : self.project.name,
            experimentID: self.experiment.id,
            experimentName: self.experiment.name.isEmpty ? nil : self.experiment.name,
            runID: runID
        )
    }
}
