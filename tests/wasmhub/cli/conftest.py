"""The command in this process, and a registry of our own that can misbehave."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.wasmhub.oci.image_builder import Image
from wasmhub.cli import main

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@dataclass(frozen=True)
class Said:
    """What the command left: its exit code, and what it wrote."""

    status: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def wasmhub(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command as somebody who has set nothing, in an empty terminal of 80 columns."""
    for name in ("WASMHUB_URL", "WASMHUB_TOKEN", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*argv: str | Path, stdin: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main([str(each) for each in argv])
        written = capsys.readouterr()
        return Said(status, written.out, written.err)

    return run


@dataclass
class Server:
    """Answers by path, and the requests that came: path and Authorization."""

    origin: str = ""
    answers: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.origin.removeprefix("http://")

    def give(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[path] = answer

    def serve(self, name: str, tag: str, image: Image) -> None:
        """Serve an image as a registry does."""
        for reference in (tag, str(image.digest)):
            path = f"/v2/{name}/manifests/{reference}"
            self.give(path, image.manifest, Content_Type=image.media_type)
        for digest, blob in image.blobs.items():
            self.give(f"/v2/{name}/blobs/{digest}", blob)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            server.asked.append((self.path, self.headers.get("Authorization", "")))
            answer = server.answers.get(path)
            if answer is None:
                self.send_error(404)
                return
            answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


def _started() -> Iterator[Server]:
    server = Server()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    listening.daemon_threads = True
    server.origin = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    yield from _started()


@pytest.fixture
def other_server() -> Iterator[Server]:
    """Return a server at another origin."""
    yield from _started()
