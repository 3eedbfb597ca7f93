"""
A stand-in for a backing registry that does what no honest one does.

It keeps blobs in memory. ``faults`` says what goes wrong, and ``asked`` who asked for what with
which Authorization.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PATIENCE = 20


@dataclass(slots=True)
class Faults:
    """What goes wrong. Nothing does by default."""

    # By method: the status of every answer.
    status: dict[str, int] = field(default_factory=dict)
    # Of a GET: other bytes, fewer than announced, another length announced, in GET and in HEAD.
    damage: Callable[[bytes], bytes] = bytes
    sends: int | None = None
    announces: str | None = None
    says_in_head: str | None = None
    # Of a GET: half of the bytes come, the rest when the event is set; or each byte by itself.
    stall: threading.Event | None = None
    drips: bool = False
    # Of a GET: in chunks, and with a length nevertheless.
    chunks: bool = False
    # Of every connection: only the first request is answered.
    tires: bool = False
    # Of a PUT: the body is taken in at leisure.
    dawdles: bool = False
    # Of GET and HEAD: go there instead.
    redirect: str = ""
    # Of a PUT: taken, and not kept. Of a POST: go on there.
    forgets: bool = False
    upload_location: str = ""
    # Asks for credentials: the header WWW-Authenticate, and what satisfies it.
    challenge: str = ""
    accepts: str = ""
    token: dict[str, object] = field(default_factory=dict)


class FakeRegistry:
    """The running stand-in; ``url`` is its origin."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.blobs: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        stand_in = self

        class Handler(_Handler):
            registry = stand_in

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def keep(self, content: bytes) -> str:
        """Hold a blob and return its sha256."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.blobs[sha256] = content
        return sha256

    def asked_with(self, method: str) -> list[str]:
        """Return the header Authorization of every request of a method."""
        return [authorization for each, _, authorization in self.asked if each == method]


class _Handler(BaseHTTPRequestHandler):
    registry: FakeRegistry
    protocol_version = "HTTP/1.1"

    @property
    def faults(self) -> Faults:
        return self.registry.faults

    def do_HEAD(self) -> None:
        if self._goes_on():
            content = self._blob()
            if content is None:
                self._say(404)
            else:
                self._say(200, length=self.faults.says_in_head or str(len(content)))

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/token":
            self._note()
            self._say(200, json.dumps(self.faults.token).encode())
        elif self._goes_on():
            content = self._blob()
            if content is None:
                self._say(404)
            else:
                self._send(self.faults.damage(content))

    def do_POST(self) -> None:
        if self._goes_on():
            location = f"{urlsplit(self.path).path}{secrets.token_hex(8)}?_state=x"
            self._say(202, location=self.faults.upload_location or location)

    def do_PUT(self) -> None:
        body = self._body()
        if self._goes_on():
            (digest,) = parse_qs(urlsplit(self.path).query)["digest"]
            sha256 = hashlib.sha256(body).hexdigest()
            if digest != f"sha256:{sha256}":
                self._say(400)
                return
            if not self.faults.forgets:
                self.registry.blobs[sha256] = body
            self._say(201)

    def do_DELETE(self) -> None:
        if self._goes_on():
            gone = self.registry.blobs.pop(self.path.rpartition("sha256:")[2], None)
            self._say(404 if gone is None else 202)

    def _body(self) -> bytes:
        left, body = int(self.headers["Content-Length"]), b""
        while self.faults.dawdles and len(body) < left:
            time.sleep(0.05)
            body += self.rfile.read(min(50_000, left - len(body)))
        return body + self.rfile.read(left - len(body))

    def _note(self) -> None:
        authorization = self.headers.get("Authorization", "")
        self.registry.asked.append((self.command, self.path, authorization))

    def _goes_on(self) -> bool:
        """Note the request; answer it if it is not to be answered as it should."""
        self._note()
        if self.faults.challenge and self.headers.get("Authorization", "") != self.faults.accepts:
            self._say(401, challenge=self.faults.challenge)
        elif self.command in self.faults.status:
            self._say(self.faults.status[self.command])
        elif self.command in {"GET", "HEAD"} and self.faults.redirect:
            self._say(307, location=self.faults.redirect)
        else:
            return True
        return False

    def _blob(self) -> bytes | None:
        return self.registry.blobs.get(urlsplit(self.path).path.rpartition("sha256:")[2])

    def _send(self, content: bytes) -> None:
        self.send_response(200)
        announced = self.faults.announces or str(len(content))
        if announced != "nothing":
            self.send_header("Content-Length", announced)
        else:
            self.send_header("Connection", "close")
        if self.faults.chunks:
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
        self.end_headers()
        half = len(content) // 2
        if self.faults.stall is not None:
            self.wfile.write(content[:half])
            self.wfile.flush()
            self.faults.stall.wait(PATIENCE)
            content = content[half:]
        if self.faults.drips:
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)
        else:
            self.wfile.write(content[: self.faults.sends])
        if self.faults.sends is not None or self.faults.announces is not None:
            self.close_connection = True

    def _say(
        self,
        status: int,
        body: bytes = b"",
        *,
        length: str | None = None,
        location: str = "",
        challenge: str = "",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", length or str(len(body)))
        if location:
            self.send_header("Location", location)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
            if self.faults.tires:
                self.rfile.readline()
                self.close_connection = True
        except ConnectionError:  # the store hung up, as it should
            self.close_connection = True
