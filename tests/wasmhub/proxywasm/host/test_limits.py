"""Modules that take too much are stopped, and the outcome names the limit."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from tests import filters
from tests.wasmhub.proxywasm.host.cases.writing import (
    GRANTED,
    TRAILERS,
    act_for,
    add,
    http_call,
    tick_every,
    write,
)
from tests.wasmhub.proxywasm.host.probes import Do, Kept, On, Text, Wat, Word, probe
from wasmhub.proxywasm.host import CompiledCache, Limits, Outcome, Trial, run_trial

FOREVER = Wat("(loop $again (br $again))")
SMALL = Limits(fuel=3_000_000, seconds=2)


def attempt(module: bytes, limits: Limits = SMALL, **document: object) -> Outcome:
    return run_trial(module, Trial.from_json(document), limits=limits)


class TestTooMuch:
    @pytest.mark.parametrize(
        "where",
        "_initialize _start context_create vm_start configure request_headers request_body "
        "request_trailers response_headers response_body response_trailers log done delete".split(),
    )
    def test_work_ends_with_the_fuel(self, where: str) -> None:
        outcome = attempt(probe(On(where, FOREVER, returns=1)), **TRAILERS)

        assert outcome.outcome == "limited"
        assert "3000000 units of fuel" in outcome.reason
        assert outcome.fuel >= 3_000_000

    def test_work_ends_in_a_start_section(self) -> None:
        module = probe(more="(func $begin (loop $again (br $again))) (start $begin)")

        assert attempt(module).outcome == "limited"

    def test_work_ends_with_the_time(self) -> None:
        outcome = attempt(probe(On("request_headers", FOREVER)), Limits(fuel=10**12, seconds=0.2))

        assert outcome.outcome == "limited"
        assert "more than 0.2 seconds" in outcome.reason

    def test_depth_ends_with_the_stack(self) -> None:
        more = """(func $deeper (param i32) (result i32)
          (i32.add (call $deeper (local.get 0)) (i32.const 1)))"""
        module = probe(On("request_headers", Wat("(drop (call $deeper (i32.const 1)))")), more=more)

        outcome = attempt(module, Limits())

        assert outcome.outcome == "limited"
        assert "stack of 512 KiB" in outcome.reason

    def test_growth_stops_at_the_limit_of_memory(self) -> None:
        grow = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1))))"
        module = probe(On("request_headers", Wat(f"{grow} unreachable")))

        outcome = attempt(module, Limits(memory_bytes=32 * 2**20))

        assert outcome.outcome == "limited"
        assert "of at most 32 MiB of memory" in outcome.reason

    @pytest.mark.parametrize("declared", ["(memory 60000)", "(table 10000000 funcref)"])
    def test_declared_is_limited(self, declared: str) -> None:
        module = bytes(
            wat2wasm(
                f'(module {declared} (func (export "proxy_abi_version_0_2_1"))'
                '(func (export "malloc") (param i32) (result i32) (i32.const 0)))'
            )
        )

        outcome = attempt(module)

        assert outcome.outcome == "limited"
        assert "asks for more than it may have" in outcome.reason

    def test_log_lines_are_limited(self) -> None:
        storm = probe(
            On(
                "request_headers",
                Wat("(loop $again"),
                Do("proxy_log", 2, Text("x"), quiet=True),
                Wat("(br $again))"),
            )
        )

        outcome = attempt(storm, Limits())

        assert outcome.outcome == "limited"
        assert "more than 1000 lines" in outcome.reason
        assert len(outcome.logs) == 1000

    def test_log_bytes_are_limited(self) -> None:
        outcome = attempt(probe(On("request_headers", Do("proxy_log", 2, 0, 10**6))), Limits())

        assert "more than 262144 bytes" in outcome.reason

    def test_vectors_of_outputs_are_limited(self) -> None:
        outcome = attempt(
            probe(On("request_headers", Do("fd_write", 1, 0x20_0000, 10**6, Word()))), Limits()
        )

        assert outcome.outcome == "limited"

    def test_callouts_are_limited(self) -> None:
        ask_again = On("http_call_response", http_call())
        module = probe(On("request_headers", http_call(), returns=1), ask_again)

        outcome = attempt(module, Limits(), **GRANTED)

        assert outcome.outcome == "limited"
        assert "more than 100 callouts" in outcome.reason

    def test_ticks_are_limited(self) -> None:
        module = probe(On("request_headers", tick_every(1), returns=1), On("tick"))

        outcome = attempt(module, Limits())

        assert outcome.outcome == "limited"
        assert "after 100 ticks" in outcome.reason

    def test_events_are_limited(self) -> None:
        register = Do("proxy_register_shared_queue", Text("q"), Word(), keep=0, quiet=True)
        send = Do("proxy_enqueue_shared_queue", Kept(0), Text("x"), quiet=True)
        module = probe(On("configure", register, send, returns=1), On("queue_ready", send))

        outcome = attempt(module, Limits(logs=10**6, log_bytes=10**8, events=500))

        assert outcome.outcome == "limited"
        assert "more than 500 events" in outcome.reason

    @pytest.mark.parametrize(
        "step",
        [
            write(0, 10**6, 0, "x" * 10_000),
            add(0, "x-a", "v" * 10_000),
            Do("proxy_set_shared_data", 0, 10_000, 0, 10_000, 0),
            Do("proxy_set_property", 0, 10_000, 0, 10_000),
        ],
    )
    def test_kept_by_the_host_is_limited(self, step: Do) -> None:
        quiet = Do(step.function, *step.arguments, quiet=True)
        module = probe(On("request_headers", Wat("(loop $again"), quiet, Wat("(br $again))")))

        outcome = attempt(module, Limits(kept_bytes=10**6))

        assert outcome.outcome == "limited"

    def test_unpacked_is_limited(self) -> None:
        import zlib  # noqa: PLC0415 - only here

        packed = zlib.compress(b"\0" * 10**7, 9)
        bomb = Do("proxy_call_foreign_function", Text("uncompress"), Text(packed), 0, 0)

        outcome = attempt(probe(On("request_headers", bomb)), Limits(kept_bytes=10**6))

        assert outcome.outcome == "limited"
        assert "keep more than 1000000 bytes" in outcome.reason

    def test_what_came_before_is_still_told(self) -> None:
        module = probe(On("request_headers", add(0, "x-a", "1")), On("response_headers", FOREVER))

        outcome = attempt(module)

        assert (b"x-a", b"1") in outcome.request.headers
        assert outcome.logs


class TestBytes:
    def test_that_are_cut_anywhere_end_in_an_outcome(self) -> None:
        module = filters.example("acme/add-header", "1.1.0")

        for end in range(0, len(module), 97):
            assert attempt(module[:end]).outcome in ("rejected", "limited")

    def test_that_are_changed_anywhere_end_in_an_outcome(self) -> None:
        module, chance = filters.example("acme/deny-paths", "1.1.0"), random.Random(7)

        for _ in range(60):
            changed = bytearray(module)
            for _ in range(3):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            assert attempt(bytes(changed)).outcome


class TestCompiledCache:
    def test_is_used_the_second_time(self, tmp_path: Path) -> None:
        module, cache = filters.example("ada/hello", "1.0.0"), CompiledCache(tmp_path / "new")
        first = run_trial(module, Trial(), compiled=cache)
        (file,) = (tmp_path / "new").iterdir()
        before = file.stat()

        second = run_trial(module, Trial(), compiled=cache)

        assert second.response == first.response
        assert file.stat() == before

    @pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "empty"])
    def test_does_not_use_damaged_files(self, tmp_path: Path, damage: str) -> None:
        module, cache = filters.example("ada/hello", "1.0.0"), CompiledCache(tmp_path)
        run_trial(module, Trial(), compiled=cache)
        (file,) = tmp_path.iterdir()
        good = file.read_bytes()
        bad = {"cut": good[:-9], "changed": good[:99] + b"?" + good[100:], "foreign": b"x" * 99}
        file.write_bytes(bad.get(damage, b""))

        outcome = run_trial(module, Trial(), compiled=cache)

        assert outcome.outcome == "continued"
        assert file.read_bytes() == good

    def test_does_without_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        outcome = run_trial(
            filters.hello(), Trial(), compiled=CompiledCache(tmp_path / "file" / "x")
        )

        assert outcome.outcome == "continued"

    def test_keeps_no_modules_that_are_not_valid(self, tmp_path: Path) -> None:
        run_trial(filters.truncated(), Trial(), compiled=CompiledCache(tmp_path))

        assert list(tmp_path.iterdir()) == []


def test_a_stopped_trial_does_not_stop_the_next() -> None:
    attempt(probe(On("request_headers", FOREVER)), Limits(fuel=10**12, seconds=0.1))

    outcome = attempt(probe(On("request_headers", act_for(1))))

    assert outcome.outcome == "continued"
