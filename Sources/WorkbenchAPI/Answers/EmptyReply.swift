// SPDX-License-Identifier: Apache-2.0

package import HTTPValues

/// The answer of an operation that returns nothing: `{}`, or any other JSON.
package struct EmptyReply: APIAnswer {
    package init(_ response: HTTPResponse, orSay failure: ResponseFailure) throws(APIError) {
        // A page or an empty body is somebody else's answer; of JSON nothing is needed.
        _ = try failure.json(of: response)
    }
}
