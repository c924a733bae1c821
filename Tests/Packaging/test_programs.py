# SPDX-License-Identifier: Apache-2.0
"""What only a whole program shows: a full disk under its output, and the terminal that it writes to."""

import os
import pty
import resource
import signal
import socket
import subprocess
import time
import unittest

PROGRAMS = os.environ.get("SLIPWAY_BIN")


@unittest.skipUnless(PROGRAMS, "SLIPWAY_BIN names no folder of built programs")
class OutputTests(unittest.TestCase):
    def test_a_full_disk_is_named(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([f"{PROGRAMS}/slipway", "--version"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"slipway: the output can't be written: ", result.stderr)
        self.assertIn(b"No space left on device", result.stderr)

    def test_a_reader_that_has_gone_needs_no_word(self):
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run([f"{PROGRAMS}/slipway", "--help"], stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(writer)
        self.assertEqual((result.returncode, result.stderr), (141, b""))

    def test_a_dumb_terminal_gets_no_escapes(self):
        self.assertIn(b"\x1b[", self.on_terminal("xterm"))
        self.assertNotIn(b"\x1b", self.on_terminal("dumb"))

    def on_terminal(self, name: str) -> bytes:
        controller, terminal = pty.openpty()
        environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": name}
        subprocess.run([f"{PROGRAMS}/slipway", "--help"], env=environment, stdout=terminal, stderr=terminal, timeout=60, check=True)
        os.close(terminal)
        text = b""
        try:
            while chunk := os.read(controller, 65536):
                text += chunk
        except OSError:
            pass  # A terminal whose last writer has gone ends so.
        os.close(controller)
        return text


@unittest.skipUnless(PROGRAMS, "SLIPWAY_BIN names no folder of built programs")
class SignalTests(unittest.TestCase):
    """A terminal that closes says SIGHUP, some supervisors right after SIGTERM; neither cuts a stop short."""

    def test_a_hang_up_stops_in_order_and_never_hastens_a_stop(self):
        for sequence in ([signal.SIGHUP], [signal.SIGHUP] * 2, [signal.SIGTERM, signal.SIGHUP]):
            with self.subTest(sequence=sequence):
                command = [f"{PROGRAMS}/slipway-sandbox", "demo"]
                # Whoever started the tests with nohup has a hang-up ignored, and what the tests start ignores it as well.
                hears = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)}
                with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **hears) as process:
                    try:
                        self.assertTrue(process.stdout.readline())
                        time.sleep(0.5)  # the signals are caught a moment after that line
                        for number in sequence:
                            process.send_signal(number)
                        self.assertEqual(process.wait(timeout=30), 0)
                    finally:
                        process.kill()


@unittest.skipUnless(PROGRAMS, "SLIPWAY_BIN names no folder of built programs")
class DescriptorTests(unittest.TestCase):
    """Who holds connections open takes the process's descriptors; the probe still gets in."""

    SETTINGS = {"SLIPWAY_WORKBENCH_URL": "http://127.0.0.1:9", "SLIPWAY_WORKBENCH_API_KEY": "k", "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}

    def test_a_probe_is_answered_though_no_descriptor_is_left(self):
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        environment = os.environ | self.SETTINGS | {"SLIPWAY_OPERATIONS_ADDRESS": f"127.0.0.1:{port}"}
        command = [f"{PROGRAMS}/slipway", "run"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                # It has opened all that it opens, and tries again and again.
                self.assertTrue(any(b"1/1 brokers are down" in line for line in process.stderr))
                used = len(os.listdir(f"/proc/{process.pid}/fd"))
                resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (used + 2, used + 2))
                # Fewer a peer than its share, so that only the lack of descriptors can make room.
                held = [self.connect(f"127.0.0.{peer}", port) for peer in (2, 3, 4) for _ in range(6)]
                self.assertIn(b" 200 ", self.livez(port))
                for connection in held:
                    connection.close()
                self.assertIsNone(process.poll())
            finally:
                process.kill()

    def connect(self, peer: str, port: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(peer, 0))
        connection.sendall(b"GET /livez HTTP/1.1\r\nX-A: ")
        return connection

    def livez(self, port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=4) as probe:
            probe.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            return probe.recv(1024)


if __name__ == "__main__":
    unittest.main()
