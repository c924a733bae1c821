// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import HTTPClient
import HTTPValues
import Testing
import Threads

/// Private authorities and bad certificates, against a TLS server of Python's standard library.
@Suite(
    .enabled(if: TLSServer.isAvailable, "needs openssl and python3 on the PATH"),
    .timeLimit(.minutes(1))
)
struct TLSTests {
    @Test func privateAuthorityIsTrustedWhenGiven() async throws {
        try await TLSServer.with(.good) { server in
            let response = try await self.get(server.url, authority: server.authorityPath)
            #expect(response.status == 200 && response.text == "tls")
        }
    }

    @Test func largeBodiesTravelBothWays() async throws {
        // More than one read takes in: the kernel does not call ready what TLS has read already and still holds back.
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        try await TLSServer.with(.good) { server in
            var settings = HTTPClientSettings()
            settings.caBundlePath = server.authorityPath
            let response = try await withClient(settings) { client in
                try await client.send(HTTPRequest(method: "POST", url: server.url, body: body))
            }
            #expect(response.body == body)
        }
    }

    @Test func unknownAuthorityIsRefusedBeforeAnythingIsSent() async throws {
        try await TLSServer.with(.good) { server in
            let failure = await self.failure(server.url, authority: nil)
            #expect(failure?.kind == .tls && failure?.mayHaveBeenSent == false)
            #expect(failure?.message.contains("as CA bundle") == true, "\(String(describing: failure))")
        }
    }

    @Test func expiredCertificateIsNamed() async throws {
        try await TLSServer.with(.expired) { server in
            let failure = await self.failure(server.url, authority: server.authorityPath)
            #expect(failure?.kind == .tls && failure?.mayHaveBeenSent == false)
            #expect(
                failure?.message.contains("renew the server's certificate") == true,
                "\(String(describing: failure))"
            )
        }
    }

    @Test func certificateOfAnotherHostIsNamed() async throws {
        try await TLSServer.with(.otherHost) { server in
            let failure = await self.failure(server.url, authority: server.authorityPath)
            #expect(failure?.kind == .tls && failure?.mayHaveBeenSent == false)
            #expect(failure?.message.contains("use a host name") == true, "\(String(describing: failure))")
        }
    }

    @Test func missingAuthorityFileIsNamed() async throws {
        try await TLSServer.with(.good) { server in
            let failure = await self.failure(server.url, authority: server.authorityPath + ".missing")
            #expect(failure?.kind == .tls && failure?.mayHaveBeenSent == false)
            #expect(failure?.message.contains("check the CA bundle's path") == true, "\(String(describing: failure))")
        }
    }

    @Test func checksCanBeSwitchedOff() async throws {
        try await TLSServer.with(.expired) { server in
            var settings = HTTPClientSettings()
            settings.verifyTLS = false
            let status = try await withClient(settings) {
                try await $0.send(HTTPRequest(method: "GET", url: server.url))
            }
            #expect(status.status == 200)
        }
    }

    @Test func serverWithoutTLSIsNamed() async throws {
        let server = try ScriptedServer([])
        let url = server.url.replacing("http://", with: "https://")
        let failure = try await withClient { client in
            let request = HTTPRequest(method: "POST", url: url, body: [1], timeout: .milliseconds(500))
            return await HTTPTests.failure(of: request, by: client)
        }
        // The server waits for the end of what it takes for a head: nothing of the request has left.
        #expect(failure?.mayHaveBeenSent == false)
        await server.stop()
    }

    private func get(_ url: String, authority: String?) async throws -> HTTPResponse {
        var settings = HTTPClientSettings()
        settings.caBundlePath = authority
        return try await withClient(settings) { client in
            try await client.send(HTTPRequest(method: "POST", url: url, body: [1]))
        }
    }

    private func failure(_ url: String, authority: String?) async -> HTTPFailure? {
        do {
            _ = try await self.get(url, authority: authority)
            return nil
        } catch {
            return error as? HTTPFailure
        }
    }
}
