"""Run a trial: the one door of the sandbox host."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from wasmhub.proxywasm.host.connection import TcpStream
from wasmhub.proxywasm.host.context import PluginConfig
from wasmhub.proxywasm.host.documents import TrialError
from wasmhub.proxywasm.host.engine import Engine
from wasmhub.proxywasm.host.envoy_headers import BODILESS, JOINED_IN_RESPONSE_TRAILERS
from wasmhub.proxywasm.host.headers import HeaderMap
from wasmhub.proxywasm.host.limits import LimitReachedError, Limits, Meter
from wasmhub.proxywasm.host.loading import (
    Profile,
    RejectedError,
    compile_code,
    start_machine,
    start_plugin,
)
from wasmhub.proxywasm.host.outcome import Outcome, Received
from wasmhub.proxywasm.host.stream import HttpStream
from wasmhub.proxywasm.host.traps import ProxyCrashError
from wasmhub.proxywasm.host.vm import Vm, memory_limit
from wasmhub.proxywasm.host.wire import echo, request_headers, response_headers, says_length_zero
from wasmhub.proxywasm.host.world import Script, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.proxywasm.host.context import Context
    from wasmhub.proxywasm.host.engine import CompiledCache
    from wasmhub.proxywasm.host.loading import Code
    from wasmhub.proxywasm.host.trial import Message, Request, Response, Trial


def run_trial(  # noqa: PLR0913 - all but the first two have defaults
    module: bytes,
    trial: Trial,
    *,
    modules: Mapping[str, bytes] | None = None,
    compiled: CompiledCache | None = None,
    limits: Limits | None = None,
    profile: Profile | None = None,
) -> Outcome:
    """
    Try a module, with the trial's plugins behind it, on one request.

    ``modules`` has the bytes of the plugins by their references; TrialError when one is missing.
    Everything else that can go wrong is an outcome. The module runs in this process: compiling a
    hostile one cannot be stopped, so call this where the process itself has limits.
    """
    if trial.connection is not None and trial.plugins:
        raise TrialError("A connection is tried with one filter; leave the plugins out.")
    chain = [(module, PluginConfig("trial", trial.root_id, trial.config))]
    for each in trial.plugins:
        if modules is None or each.module not in modules:
            raise TrialError(f"There is no module {each.module} for the chain.")
        plugin = PluginConfig("trial", each.root_id, each.config)
        chain.append((modules[each.module], plugin))
    return _Run(trial, limits or Limits(), profile or Profile(), compiled).run(chain)


class _Run:
    """One trial while it runs."""

    def __init__(
        self, trial: Trial, limits: Limits, profile: Profile, compiled: CompiledCache | None
    ) -> None:
        self.trial = trial
        self.limits = limits
        self.profile = profile
        self.compiled = compiled
        self.world = World(Meter(limits), Script(trial.replies))
        self.vms: list[Vm] = []
        self.stream: HttpStream | None = None
        self.tcp: TcpStream | None = None
        self.passed = False
        self.seconds = 0.0

    def run(self, chain: list[tuple[bytes, PluginConfig]]) -> Outcome:
        """Load all modules, run the stream, and tell what came of it."""
        engine = Engine(self.limits)
        try:
            codes = [compile_code(data, engine, self.compiled) for data, _ in chain]
            with engine.deadline():
                self._run(engine, codes, [plugin for _, plugin in chain])
                outcome = self._outcome()
        except RejectedError as error:
            outcome = Outcome("rejected", reason=str(error))
        except LimitReachedError as error:
            outcome = self._seen("limited", str(error))
        except ProxyCrashError as error:
            outcome = self._seen("trapped", f"Envoy 1.40 itself crashes on this: {error}")
        for vm in self.vms:
            limit = memory_limit(vm, self.limits.memory_bytes)
            if limit:
                outcome.outcome, outcome.reason = "limited", str(limit)
        outcome.logs = self.world.logs
        outcome.calls = self.world.calls
        outcome.fuel = sum(vm.fuel_used for vm in self.vms)
        outcome.memory_bytes = sum(vm.memory.size for vm in self.vms)
        outcome.milliseconds = round(self.seconds * 1000, 1)
        return outcome

    def _run(self, engine: Engine, codes: list[Code], plugins: list[PluginConfig]) -> None:
        roots: list[Context] = []
        for code, plugin in zip(codes, plugins, strict=True):
            vm = Vm(self.world, engine, code.abi)
            self.vms.append(vm)
            start_machine(vm, code, self.profile)
            roots.append(start_plugin(vm, plugin))
        self.world.agenda.run_soon()
        start = time.perf_counter()
        try:
            self._serve(roots)
        finally:
            self.seconds = time.perf_counter() - start

    def _serve(self, roots: list[Context]) -> None:
        if self.trial.connection is not None:
            self.tcp = TcpStream(self.world, roots[0])
            self.passed = self.tcp.run(self.trial.connection)
            return
        stream = self.stream = HttpStream(self.world, roots)
        self.world.upstream = self._respond
        self._send_request(stream, self.trial.request)
        while not stream.finished:
            if self.world.agenda.run_one():  # what was asked before is answered before
                continue
            if stream.router.complete and stream.response.current_headers is None:
                self._send_response(stream)
            elif not self.world.agenda.run_next():
                break
        self.world.agenda.run_soon()

    def _send_request(self, stream: HttpStream, request: Request) -> None:
        headers = request_headers(request)
        chunks = request.chunks
        ended = not chunks and not request.chunked
        stream.request.start(headers, end=ended)
        for chunk in chunks:
            if request.chunked:
                self.world.agenda.run_soon()
            if stream.finished:
                return
            stream.info.request_size += len(chunk)
            stream.request.feed(chunk, end=False)
        if request.chunked:
            self.world.agenda.run_soon()
        self._end(stream.request, stream, request, ended=ended)

    def _end(self, half: Any, stream: HttpStream, message: Message, *, ended: bool) -> None:
        if ended or stream.finished:
            return
        if message.trailers:
            joined = JOINED_IN_RESPONSE_TRAILERS if half is stream.response else frozenset()
            half.finish(HeaderMap(message.trailers, joined))
        else:
            half.feed(b"", end=True)

    def _send_response(self, stream: HttpStream) -> None:
        received = stream.router.received
        response = self._respond(received)
        headers = response_headers(response)
        stream.info.status, stream.info.details = response.status, "via_upstream"
        stream.info.answered = self.world.clock.monotonic()
        method = dict(received.headers).get(b":method")
        bodiless = method == b"HEAD" or response.status in BODILESS
        ended = bodiless or not (response.chunks or response.chunked)
        stream.response.start(headers, end=ended)
        if not ended:
            for chunk in response.chunks:
                if stream.finished:
                    return
                stream.response.feed(chunk, end=False)
                if response.chunked:
                    self.world.agenda.run_soon()
            self._end(stream.response, stream, response, ended=False)

    def _respond(self, received: Received) -> Response:
        if self.trial.upstream:
            return self.trial.upstream
        known = dict(received.headers)
        bodiless = self.stream is not None and self.stream.router.bodiless
        if bodiless and says_length_zero(known):
            received = Received([*received.headers, (b"content-length", b"0")])
        return echo(received)

    def _outcome(self) -> Outcome:
        stream = self.stream
        failure = next((vm.failure for vm in self.vms if vm.failure), "")
        if self.tcp:
            return self._of_connection(self.tcp, failure)
        if stream is None:
            raise RuntimeError("a trial ended before its stream began")
        ended = stream.finished
        if not ended:
            stream.finish()  # whoever asked went away
        if failure:
            return self._seen("trapped", failure)
        if not ended:
            return self._seen("paused", "The filter paused the request, and nothing resumed it.")
        if stream.replied or stream.why_reset:
            return self._seen("replied", stream.why_reset)
        return self._seen("continued", "")

    def _of_connection(self, tcp: TcpStream, failure: str) -> Outcome:
        if failure:
            return self._seen("trapped", failure)
        if tcp.why_closed:
            return self._seen("replied", tcp.why_closed)
        if not self.passed:
            return self._seen("paused", "The filter kept the bytes of the client.")
        return self._seen("continued", "")

    def _seen(self, name: Any, reason: str) -> Outcome:
        outcome = Outcome(name, reason=reason)
        if self.tcp:
            outcome.request, outcome.response = self.tcp.upstream, self.tcp.client
        if self.stream:
            outcome.request = self.stream.router.received
            if self.stream.router.seen is None and self.stream.request.current_headers:
                outcome.request.headers = list(self.stream.request.current_headers)
            outcome.response = self.stream.client.received
        return outcome
