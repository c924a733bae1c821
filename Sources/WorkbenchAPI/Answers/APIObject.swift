// SPDX-License-Identifier: Apache-2.0

package import HTTPValues
import JSON

/// What a 2xx response of the workbench can be read as.
package protocol APIAnswer: Sendable {
    /// Reads a response.
    ///
    /// - Throws: `APIError` of kind `protocol`, made by `failure`, for a body that isn't what the operation answers.
    init(_ response: HTTPResponse, orSay failure: ResponseFailure) throws(APIError)
}

/// An object of the workbench's, as its JSON describes it.
package protocol APIObject: APIAnswer {
    /// Reads an object's members.
    ///
    /// - Throws: `FieldFailure` for a member that can't be what it must be.
    init(_ fields: Fields) throws(FieldFailure)
}

extension APIObject {
    package init(_ response: HTTPResponse, orSay failure: ResponseFailure) throws(APIError) {
        let value = try failure.json(of: response)
        do throws(FieldFailure) {
            self = try Self(try Fields(value))
        } catch {
            throw failure.error(forBodyOf: response, problem: error)
        }
    }
}

extension JSONValue {
    /// Levels of nesting that are read of an answer, which may hold a model's own.
    private static let maximumAnswerDepth = 512

    /// Reads what a server wrote: as Go's decoder, whose encoder the workbench's gateway uses, would.
    init(answer body: [UInt8]) throws(JSONFailure) {
        try self.init(parsing: body, maximumDepth: Self.maximumAnswerDepth, ambiguity: .resolved)
    }
}
