"""A trial: what a module is tried on. The shape is DESIGN's; ``connection`` is for TCP filters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wasmhub.proxywasm.host.documents import Fields, TrialError

if TYPE_CHECKING:
    from wasmhub.proxywasm.host.documents import Headers

REPLIES_MAX: Final = 50
PLUGINS_MAX: Final = 2  # behind the module that is tried
CONFIG_MAX: Final = 256 * 1024
AUTHORITY: Final = b"example.com"
_METHOD: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Z]{1,32}")
_PATH: Final = re.compile(r"/[\x21\x22\x24-\x7e]*")
# They follow from the body; another value would be a request that Envoy refuses.
_OF_THE_BODY: Final = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class Message:
    """Headers, body (bytes, or a tuple of the pieces in which it comes) and trailers."""

    headers: Headers = ()
    body: bytes | tuple[bytes, ...] = b""
    trailers: Headers = ()

    @property
    def chunked(self) -> bool:
        """Tell whether the body comes without its length."""
        return isinstance(self.body, tuple) or bool(self.trailers)

    @property
    def chunks(self) -> tuple[bytes, ...]:
        """Return the pieces of the body."""
        if isinstance(self.body, tuple):
            return self.body
        return (self.body,) if self.body else ()

    @property
    def content(self) -> bytes:
        """Return the whole body."""
        return b"".join(self.chunks)


@dataclass(frozen=True, slots=True)
class Request(Message):
    """What the client asks; ``authority`` is the host."""

    method: str = "GET"
    path: str = "/"
    authority: bytes = AUTHORITY


@dataclass(frozen=True, slots=True)
class Response(Message):
    """What a server answers."""

    status: int = 200


@dataclass(frozen=True, slots=True)
class Reply(Response):
    """What a callout to a cluster, for a path or for any, is answered with."""

    cluster: str = ""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Plugin:
    """One more filter behind the module that is tried; ``module`` is a reference to it."""

    module: str
    config: bytes = b""
    root_id: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """What a TCP filter sees: bytes of the client, and of the server that is connected to."""

    downstream: tuple[bytes, ...] = ()
    upstream: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial; without ``upstream`` the request is echoed, with ``connection`` it is TCP."""

    request: Request = Request()
    upstream: Response | None = None
    config: bytes = b""
    root_id: str = ""
    replies: tuple[Reply, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    connection: Connection | None = None

    @classmethod
    def from_json(cls, document: object) -> Trial:
        """Read the fixed shape; raise TrialError with a sentence when something is wrong."""
        fields = Fields(
            document,
            "the trial",
            ("request", "upstream", "config", "root_id", "replies", "plugins", "connection"),
        )
        return cls(
            request=_request(fields.raw("request")) if "request" in fields else Request(),
            upstream=_upstream(fields.raw("upstream")) if "upstream" in fields else None,
            config=_config(fields),
            root_id=fields.text("root_id", "", 200),
            replies=tuple(_reply(each) for each in fields.items("replies", REPLIES_MAX)),
            plugins=tuple(_plugin(each) for each in fields.items("plugins", PLUGINS_MAX)),
            connection=_connection(fields.raw("connection")) if "connection" in fields else None,
        )


def _request(document: object) -> Request:
    fields = Fields(document, "request", ("method", "path", "headers", "body", "trailers"))
    method, path = fields.text("method", "GET", 32), fields.text("path", "/")
    if not _METHOD.fullmatch(method) or method == "CONNECT":
        raise TrialError("request.method must be a method in capitals, and not CONNECT.")
    if not _PATH.fullmatch(path):
        raise TrialError(
            "request.path must start with / and have no spaces, # or special characters."
        )
    body = fields.body("body")
    headers = fields.headers("headers")
    authority = next((value for name, value in headers if name == b"host"), AUTHORITY)
    return Request(
        headers=_without_length(headers, body, b"host"),
        body=body,
        trailers=fields.headers("trailers"),
        method=method,
        path=path,
        authority=authority,
    )


def _upstream(document: object) -> Response:
    fields = Fields(document, "upstream", ("status", "headers", "body", "trailers"))
    body = fields.body("body")
    return Response(
        headers=_without_length(fields.headers("headers"), body),
        body=body,
        trailers=fields.headers("trailers"),
        status=fields.status("status", 200),
    )


def _reply(document: object) -> Reply:
    fields = Fields(
        document, "a reply", ("cluster", "path", "status", "headers", "body", "trailers")
    )
    cluster = fields.text("cluster", "", 200)
    if not cluster:
        raise TrialError("A reply needs the name of its cluster.")
    body = fields.body("body")
    return Reply(
        headers=_without_length(fields.headers("headers"), body),
        body=body,
        trailers=fields.headers("trailers"),
        status=fields.status("status", 200),
        cluster=cluster,
        path=fields.text("path", "") if "path" in fields else None,
    )


def _plugin(document: object) -> Plugin:
    fields = Fields(document, "a plugin", ("module", "config", "root_id"))
    module = fields.text("module", "", 500)
    if not module:
        raise TrialError("A plugin needs a reference to its module.")
    return Plugin(module, _config(fields), fields.text("root_id", "", 200))


def _connection(document: object) -> Connection:
    fields = Fields(document, "connection", ("downstream", "upstream"))
    sides = []
    for name in ("downstream", "upstream"):
        body = fields.body(name)
        sides.append(body if isinstance(body, tuple) else (body,) if body else ())
    return Connection(*sides)


def _config(fields: Fields) -> bytes:
    return fields.text("config", "", CONFIG_MAX).encode()


def _without_length(headers: Headers, body: bytes | tuple[bytes, ...], *also: bytes) -> Headers:
    """Leave out what is set from the body, and refuse what contradicts it."""
    length = b"" if isinstance(body, tuple) else str(len(body)).encode()
    for name, value in headers:
        if name in _OF_THE_BODY and value != length:
            raise TrialError(f"{name.decode()} is set from the body; leave it out.")
    return tuple(pair for pair in headers if pair[0] not in (*_OF_THE_BODY, *also))
