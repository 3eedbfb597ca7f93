"""Tags: list them (spec 1.1, end-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import JSONResponse

from catalog.selectors import tag_names
from core.errors import InvalidError
from registry.bridge import call
from registry.selectors import get_repository

if TYPE_CHECKING:
    from starlette.responses import Response

    from core.actor import Actor
    from registry.doors import Visit
    from wasmhub.oci import Repository

MOST = 1000


async def list_tags(visit: Visit) -> Response:
    """Send a page of the tags in ASCII order, and where the next page is."""
    query = visit.request.query_params
    names = await call(_names, visit.actor, visit.repository)
    wanted = _number(query.get("n", str(MOST)))
    behind = [name for name in names if name > query.get("last", "")]
    page = behind[:wanted]
    headers = {}
    if page and len(page) < len(behind):
        following = f"{visit.path}/tags/list?n={wanted}&last={quote(page[-1], safe='')}"
        headers["Link"] = f'<{following}>; rel="next"'
    return JSONResponse({"name": str(visit.repository), "tags": page}, headers=headers)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InvalidError("n is a whole number, from 0 on.")
    # Length before value: Python refuses to read thousands of digits.
    return MOST if len(text) > len(str(MOST)) else min(int(text), MOST)


def _names(actor: Actor, repository: Repository) -> list[str]:
    return tag_names(actor=actor, extension=get_repository(actor=actor, repository=repository))
