// SPDX-License-Identifier: Apache-2.0

/// An error that says how the command that met it ends.
///
/// Its description goes to standard error; it may have several lines.
package protocol ExitStatusError: Error, CustomStringConvertible {
    /// The status; of other errors it is `failure`.
    var exitStatus: ExitStatus { get }
}
