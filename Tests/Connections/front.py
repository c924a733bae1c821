# SPDX-License-Identifier: Apache-2.0
"""A TLS front for the sandbox: certificates of its own making, and API keys that can be revoked and replaced."""

from __future__ import annotations

import http.client
import http.server
import ssl
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

CONFIGURATION = """
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
subjectAltName = {name}
"""


class Authority:
    """A private certificate authority in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "ca.pem"
        (folder / "new").mkdir(parents=True)
        (folder / "index").touch()
        (folder / "serial").write_text("01")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=private authority")

    def openssl(self, *arguments: str) -> None:
        if arguments[0] == "req" and "-x509" in arguments:
            arguments = (*arguments, "-keyout", "ca.key", "-out", "ca.pem")
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def certificate(self, expired: bool = False, name: str = "DNS:localhost,IP:127.0.0.1") -> tuple[Path, Path]:
        """A server's certificate and its key."""
        dates = ["-startdate", "200101000000Z", "-enddate", "200201000000Z"] if expired else ["-days", "2"]
        (self.folder / "ca.cnf").write_text(CONFIGURATION.format(name=name))
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=front")
        self.openssl(
            *("ca", "-batch", "-config", "ca.cnf", "-extensions", "extensions", "-cert", "ca.pem", "-keyfile", "ca.key"),
            *dates,
            *("-in", "server.csr", "-out", "server.pem", "-notext"),
        )
        return self.folder / "server.pem", self.folder / "server.key"


class Front:
    """HTTPS in front of a sandbox; takes one key, and gives the sandbox its own."""

    def __init__(self, sandbox: str, sandbox_key: str, accepted: str, certificate: tuple[Path, Path]):
        self.sandbox = urlsplit(sandbox).netloc
        self.sandbox_key = sandbox_key
        #: The key that is accepted; `None` for none.
        self.accepted: str | None = accepted
        #: Requests that were refused for their key.
        self.refused = 0
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Authorization") != f"Bearer {front.accepted}":
                    front.refused += 1
                    self.answer(401, b'{"error":"Unauthorized","code":16,"message":"Unauthorized"}', "application/json")
                    return
                headers = {"Authorization": f"Bearer {front.sandbox_key}", "Content-Type": "application/json"}
                connection = http.client.HTTPConnection(front.sandbox, timeout=30)
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                self.answer(answer.status, answer.read(), answer.getheader("Content-Type") or "application/json")
                connection.close()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

            def answer(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Clients that refuse the certificate are what these tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        # The handshake on the connection's own thread, not on the one that accepts.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
