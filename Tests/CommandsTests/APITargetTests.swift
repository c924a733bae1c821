// SPDX-License-Identifier: Apache-2.0

import CommandTable
import Testing

@testable import Commands

@Suite struct APITargetTests {
    @Test(arguments: [
        ("/projects", "/projects", ""), ("projects", "/projects", ""), ("", "/", ""),
        ("/projects?page_size=1", "/projects", "page_size=1"),
        ("/p?a=1&b=x%20y+z&c", "/p", "a=1|b=x y z|c="), ("/p?a=b=c", "/p", "a=b=c"), ("/p?", "/p", ""),
        ("/p?%C3%A9=%F0%9F%9A%80", "/p", "é=🚀"), ("/a%2Fb?x=1", "/a%2Fb", "x=1"),
    ])
    func pathAndQueryAreTakenApart(text: String, path: String, query: String) throws {
        let target = try APITarget(text)
        #expect(target.path == path)
        #expect(target.query.map { "\($0.name)=\($0.value)" }.joined(separator: "|") == query)
    }

    @Test(arguments: ["http://x/projects", "/p#x", "/p?a=%", "/p?a=%4", "/p?a=%zz", "/p?a=%FF"])
    func whatIsNoPathIsAWrongCommandLine(text: String) {
        #expect(throws: UsageError.self) { try APITarget(text) }
    }
}
