// SPDX-License-Identifier: Apache-2.0

/// One series of a family: a thing that is counted or measured under fixed label values.
///
/// Resolve a handle once and keep it: finding it takes a lock and a hash of the labels, changing it does not.
package protocol Metric: AnyObject, Sendable {
    /// What a family needs to make a series.
    associatedtype Configuration: Sendable
    /// The word of the TYPE line.
    static var typeName: StaticString { get }
    /// Whether several series in one say something, as sums of counters do.
    static var canBeShared: Bool { get }
    /// Creates a series at zero.
    init(configuration: Configuration)
    /// Appends the sample lines of this series.
    func append(to text: inout MetricsText, name: String, labels: [MetricsText.Label])
}
