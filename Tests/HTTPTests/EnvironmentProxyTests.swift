// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPClient
import HTTPValues
import Testing

/// Proxies named by the environment; in a process of its own, because other tests would use them, too.
@Suite(.timeLimit(.minutes(1)))
struct EnvironmentProxyTests {
    @Test func variablesNameTheProxy() async {
        await #expect(processExitsWith: .success) {
            for name in ["http_proxy", "all_proxy", "ALL_PROXY"] {
                let proxy = try ScriptedServer([])
                setenv(name, proxy.url, 1)
                let request = HTTPRequest(method: "GET", url: "http://workbench.invalid/x")
                let response = try await withClient { try await $0.send(request) }
                try #require(response.status == 200)
                try #require(proxy.requests.first?.hasPrefix("GET http://workbench.invalid/x ") == true)
                unsetenv(name)
                await proxy.stop()
            }
        }
    }

    @Test func anUnreachableProxyIsNamedWithItsVariable() async {
        await #expect(processExitsWith: .success) {
            let port = try unusedPort()
            let names = [
                ("http_proxy", "http"), ("HTTPS_PROXY", "https"), ("all_proxy", "https"), ("ALL_PROXY", "http"),
            ]
            for (name, scheme) in names {
                for proxy in [
                    "http://user:secret@127.0.0.1:\(port)", "127.0.0.1:\(port)", "no-such-proxy.invalid:\(port)",
                ] {
                    setenv(name, proxy, 1)
                    let request = HTTPRequest(method: "GET", url: "\(scheme)://workbench.invalid/x")
                    let told = try await withClient { await failure(of: request, by: $0) }
                    let found = try #require(told)
                    let shown = proxy.split(separator: "@").last.map(String.init)?.replacing("http://", with: "") ?? ""
                    let text = "no connection to \(scheme)://workbench.invalid through the proxy \(shown) (\(name)): "
                    try #require(found.kind == .proxy && found.message.hasPrefix(text), "\(found)")
                    try #require(!found.message.contains("secret"))
                }
                unsetenv(name)
            }
        }
    }

    @Test func aHostThatIsExceptedIsNotSaidToGoThroughAProxy() async {
        await #expect(processExitsWith: .success) {
            let port = try unusedPort()
            setenv("http_proxy", "http://127.0.0.1:\(try unusedPort())", 1)
            for exception in ["127.0.0.1", "*", "x.invalid,127.0.0.0/8", "x.invalid 127.0.0.1"] {
                setenv("no_proxy", exception, 1)
                let request = HTTPRequest(method: "GET", url: "http://127.0.0.1:\(port)/")
                let told = try await withClient { await failure(of: request, by: $0) }
                let found = try #require(told)
                try #require(found.kind == .connect && !found.message.contains("proxy"), "\(found)")
            }
        }
    }

    @Test func hostsWithoutProxyAndClientsWithoutOneGoStraight() async {
        await #expect(processExitsWith: .success) {
            let server = try ScriptedServer([])
            setenv("http_proxy", "http://127.0.0.1:\(try unusedPort())", 1)
            let request = HTTPRequest(method: "GET", url: server.url)
            try #require(await withClient { await failure(of: request, by: $0) }?.mayHaveBeenSent == false)
            var settings = HTTPClientSettings()
            settings.proxy = .direct
            let direct = try await withClient(settings) { try await $0.send(request) }
            setenv("no_proxy", "127.0.0.1", 1)
            let excepted = try await withClient { try await $0.send(request) }
            try #require(direct.status == 200 && excepted.status == 200)
            await server.stop()
        }
    }
}
