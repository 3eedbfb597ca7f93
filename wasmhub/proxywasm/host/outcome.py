"""What came of a trial, in DESIGN's fixed shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from wasmhub.proxywasm.host.documents import body_as_json, headers_as_json

Name = Literal["continued", "replied", "paused", "trapped", "rejected", "limited"]


@dataclass(slots=True)
class Received:
    """What one end received: the upstream a request, the client a response (``status``)."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    status: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return headers and body; trailers only where there are some."""
        document: dict[str, Any] = {
            "headers": headers_as_json(self.headers),
            "body": body_as_json(self.body),
        }
        if self.trailers:
            document["trailers"] = headers_as_json(self.trailers)
        return document


@dataclass(slots=True)
class Outcome:
    """
    The answer to a trial; ``reason`` is Envoy's text or a sentence, empty when all went well.

    ``memory_bytes``, what all modules had together at the end, is no part of the fixed shape.
    """

    outcome: Name
    request: Received = field(default_factory=Received)
    response: Received = field(default_factory=Received)
    logs: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    fuel: int = 0
    milliseconds: float = 0.0
    reason: str = ""
    memory_bytes: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the fixed shape."""
        return {
            "outcome": self.outcome,
            "request": self.request.as_json(),
            "response": {"status": self.response.status} | self.response.as_json(),
            "logs": self.logs,
            "calls": self.calls,
            "fuel": self.fuel,
            "milliseconds": self.milliseconds,
            "reason": self.reason,
        }
