"""deploy/nginx, run for real before two small servers: sockets upgrade, nobody forges an address, either may die."""

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest

from tests.nginx import HOST, start_nginx


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with what it was told about the visitor; echoes the first bytes of an upgraded connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "upgrade")
            self.end_headers()
            self.wfile.write(self.rfile.read(5))
            self.close_connection = True
            return
        told = {
            name: self.headers.get_all(name) for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Host")
        }
        body = repr({**told, "port": self.connection.getsockname()[1]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@dataclass
class Proxy:
    port: int
    plain_port: int
    folder: Path
    upstreams: list[http.server.ThreadingHTTPServer]

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, str]:
        """Return the answer and its body, asked for over TLS by the public name."""
        connection = HTTPSConnection("127.0.0.1", self.port, context=trusting_anyone(), timeout=10)
        connection.request("GET", path, headers={"Host": HOST, **{k.replace("_", "-"): v for k, v in headers.items()}})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body.decode("utf-8", "replace")


def trusting_anyone() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """nginx with our own files, of which only places and ports are changed."""
    upstreams = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream) for _ in range(2)]
    for server in upstreams:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    made = Proxy(free_port(), free_port(), tmp_path, upstreams)
    ports = [server.server_address[1] for server in upstreams]
    process = start_nginx(tmp_path, made.port, made.plain_port, ports)
    wait_for(made.port)
    yield made
    process.terminate()
    process.wait(10)
    for server in upstreams:
        server.shutdown()
        server.server_close()


def wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, "nginx did not start"
            time.sleep(0.02)


def test_the_application_is_told_the_real_address_and_no_forged_one(proxy: Proxy) -> None:
    _, body = proxy.get("/", X_Forwarded_For="203.0.113.7", Forwarded="for=203.0.113.7", X_Forwarded_Proto="http")
    assert "203.0.113.7" not in body
    assert "'X-Forwarded-For': ['127.0.0.1']" in body
    assert "'X-Forwarded-Proto': ['https']" in body
    assert f"'Host': ['{HOST}']" in body


def test_a_websocket_passes_in_both_directions(proxy: Proxy) -> None:
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as raw,
        trusting_anyone().wrap_socket(raw) as wire,
    ):
        wire.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\n\r\n".encode()
        )
        head = wire.recv(4096)
        assert head.startswith(b"HTTP/1.1 101")
        wire.sendall(b"salam")
        assert wire.recv(5) == b"salam"


def test_when_one_process_is_down_the_other_answers(proxy: Proxy) -> None:
    seen = {proxy.get("/")[1].rpartition(": ")[2] for _ in range(6)}
    assert len(seen) == 2
    proxy.upstreams[0].shutdown()
    proxy.upstreams[0].server_close()
    answers = [proxy.get("/")[0].status for _ in range(6)]
    assert answers == [200] * 6


def test_built_files_are_served_for_good_and_gzipped_and_others_by_the_application(proxy: Proxy) -> None:
    built = proxy.folder / "app" / "static" / "dist"
    built.mkdir(parents=True)
    (built / "page.3F2A.css").write_text("p {}")
    (built / "page.3F2A.css.gz").write_bytes(b"the gzipped twin")
    answer, body = proxy.get("/static/dist/page.3F2A.css", Accept_Encoding="gzip")
    assert body == "the gzipped twin"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer, body = proxy.get("/static/dist/absent.css")
    assert "'port'" in body
    assert answer.headers["Cache-Control"] is None


def test_nothing_about_a_visitor_is_written_down(proxy: Proxy) -> None:
    for path in ("/rooms/r1?before=9", "/static/dist/../../etc/passwd", "/%ff"):
        proxy.get(path)
    proxy.upstreams[0].server_close()
    proxy.get("/rooms/r1")
    written = "".join(path.read_text() for path in proxy.folder.glob("*.log"))
    assert "127.0.0.1" not in written
    assert "rooms" not in written
