"""What the web process starts and stops beside answering requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

on_startup: list[Callable[[], None]] = []
on_shutdown: list[Callable[[], None]] = []


async def lifespan(_scope: Scope, receive: Receive, send: Send) -> None:
    """Run the hooks, each in a thread, when the server starts and when it stops (ASGI lifespan)."""
    while True:
        event = (await receive())["type"]
        hooks = on_startup if event == "lifespan.startup" else on_shutdown
        for hook in hooks:
            await asyncio.to_thread(hook)
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
