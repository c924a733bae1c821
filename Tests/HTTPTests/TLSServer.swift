// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import TestSupport
import Threads

/// A TLS server in a process of its own, with a certificate signed by an authority made for it.
struct TLSServer {
    enum Certificate: String {
        case good, expired, otherHost
    }

    let url: String
    let authorityPath: String

    static let isAvailable = ["openssl", "python3"].allSatisfy { path(of: $0) != nil }

    /// Makes the certificates, starts the server, runs `body` and ends the server.
    static func with(_ certificate: Certificate, _ body: (TLSServer) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "slipway-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let thread = BlockingThread(name: "tls-server")
        let process = await thread.run {
            Result { try ChildProcess(["/bin/sh", "-c", Self.script(certificate), "sh", folder.path]) }
        }
        let child = try process.get()
        let port = await thread.run { child.readLine() }
        do {
            guard let number = UInt16(port) else { throw SocketError(operation: "start TLS server: \(port)", code: 0) }
            try await body(TLSServer(url: "https://localhost:\(number)/", authorityPath: folder.path + "/ca.pem"))
        } catch {
            await thread.run { child.end() }
            await thread.close()
            throw error
        }
        await thread.run { child.end() }
        await thread.close()
    }

    private static func path(of program: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(program)" }
            .first { access($0, X_OK) == 0 }
    }

    private static func script(_ certificate: Certificate) -> String {
        let name = certificate == .otherHost ? "DNS:elsewhere.invalid" : "DNS:localhost"
        let dates = certificate == .expired ? "-startdate 200101000000Z -enddate 200201000000Z" : "-days 2"
        return """
            set -e
            cd "$1"
            exec 2>log
            openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=test authority'
            openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj '/CN=test server'
            mkdir new && : > index && echo 01 > serial
            cat > ca.cnf <<END
            [ca]
            default_ca = own
            [own]
            database = index
            serial = serial
            new_certs_dir = new
            default_md = sha256
            policy = any
            [any]
            commonName = supplied
            [extensions]
            subjectAltName = \(name)
            END
            openssl ca -batch -config ca.cnf -extensions extensions -cert ca.pem -keyfile ca.key \(dates) \
                -in server.csr -out server.pem
            exec python3 -c '
            import http.server, ssl
            class Handler(http.server.BaseHTTPRequestHandler):
                def answer(self):
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                    reply = body if len(body) > 1 else b"tls"
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(reply)))
                    self.end_headers()
                    self.wfile.write(reply)
                do_GET = do_POST = answer
                def log_message(self, *arguments): pass
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("server.pem", "server.key")
            server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            print(server.server_address[1], flush=True)
            server.serve_forever()
            '
            """
    }
}

/// A process whose standard output the test reads.
final class ChildProcess: Sendable {
    private let identifier: pid_t
    private let output: Int32

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SocketError(operation: "pipe", code: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        var identifier = pid_t()
        let strings = arguments.map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        let code = posix_spawn(&identifier, arguments[0], &actions, nil, strings, environ)
        close(ends[1])
        self.identifier = identifier
        self.output = ends[0]
        guard code == 0 else { throw SocketError(operation: "spawn", code: code) }
    }

    /// Reads up to the first line end, or to the end of the output.
    func readLine() -> String {
        var text = ""
        var byte: UInt8 = 0
        while read(self.output, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            text.append(Character(UnicodeScalar(byte)))
        }
        return text
    }

    /// Ends the process and waits for its end.
    func end() {
        kill(self.identifier, SIGKILL)
        var status: Int32 = 0
        waitpid(self.identifier, &status, 0)
        close(self.output)
    }
}
