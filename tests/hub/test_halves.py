"""The two halves of the site behind one port, and what starts and stops with them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.types import Message

from hub import lifespan
from hub.asgi import is_registrys

pytestmark = pytest.mark.single_setup


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v2", True),
        ("/v2/", True),
        ("/v2/acme/jwt/tags/list", True),
        ("/token", True),
        ("/download/acme/jwt/0.wasm", True),
        ("/", False),
        ("/v2x", False),
        ("/tokens", False),
        ("/download", False),
        ("/V2/", False),
        ("//v2/", False),
        ("/acme/jwt", False),
    ],
)
def test_each_path_belongs_to_one_half(path: str, expected: bool) -> None:
    assert is_registrys(path) is expected


def test_hooks_run_in_threads_when_the_server_starts_and_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, bool]] = []

    def note(word: str) -> None:
        seen.append((word, threading.current_thread() is threading.main_thread()))

    monkeypatch.setattr(lifespan, "on_startup", [lambda: note("up")])
    monkeypatch.setattr(lifespan, "on_shutdown", [lambda: note("down")])
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Message:
        return next(events)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(lifespan.lifespan({"type": "lifespan"}, receive, send))

    assert seen == [("up", False), ("down", False)]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
