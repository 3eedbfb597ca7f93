"""The command in this process, and a registry of our own that can misbehave."""

from __future__ import annotations

import io
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

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


def _started(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    listening.daemon_threads = True
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    server.origin = f"{scheme}://127.0.0.1:{listening.server_port}"
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


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate of this machine, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    machine = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(machine, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return file


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Server]:
    """Return a server with a certificate that nobody trusts yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield from _started(context)
