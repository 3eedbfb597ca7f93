"""Pages of the site itself: home, docs, errors, health."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from catalog import readme
from catalog.selectors.cards import counts, recent_cards
from core.content import content_store

if TYPE_CHECKING:
    from accounts.requests import HubRequest

DOCS = Path(settings.ROOT) / "docs"
SAMPLE_QUERIES = ["rate limit", "auth", "headers", "lang:c", "abi:0.2.1"]
PAGE = re.compile(r"[a-z0-9/-]{1,100}")
THEMES = {"light", "dark", "system"}
A_YEAR = 365 * 24 * 60 * 60


@require_safe
def home(request: HubRequest) -> HttpResponse:
    """Say what the hub is, offer the search, show what is new."""
    recent = recent_cards(actor=request.actor, limit=8)
    context = {
        "recent": recent,
        "counts": counts(actor=request.actor),
        "sample_queries": SAMPLE_QUERIES,
    }
    return render(request, "home.html", context)


@require_safe
def docs(request: HubRequest, page: str = "index") -> HttpResponse:
    """Show a guide: a Markdown file below ``docs/``."""
    if not PAGE.fullmatch(page):
        raise Http404
    file = (DOCS / f"{page.rstrip('/')}.md").resolve()
    if not file.is_relative_to(DOCS) or not file.is_file():
        raise Http404
    markdown = file.read_text()
    title, _, body = markdown.partition("\n")
    rendered = readme.render(body, deeper=0, ours=True)
    guides = [
        {"title": _title(each), "url": f"/docs/{each.stem}", "current": each == file}
        for each in sorted(DOCS.glob("*.md"))
        if each.stem != "index"
    ]
    context = {
        "title": title.lstrip("# "),
        "html": rendered.html,
        "toc": rendered.toc,
        "pages": guides,
    }
    return render(request, "docs/page.html", context)


def _title(file: Path) -> str:
    with file.open() as lines:
        return next(lines, file.stem).lstrip("# ").strip()


@require_safe
def styleguide(request: HubRequest) -> HttpResponse:
    """Show every component in every variant."""
    return render(request, "styleguide.html")


@require_POST
def theme(request: HubRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie, so that the server writes it and no page flashes."""
    chosen = request.POST.get("theme", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = redirect(back)
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=A_YEAR, samesite="Lax", httponly=True)
    return response


@require_safe
def livez(request: HubRequest) -> HttpResponse:  # noqa: ARG001 - the signature is Django's
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HubRequest) -> HttpResponse:  # noqa: ARG001 - the signature is Django's
    """Say whether database and content store answer."""
    checks = {"database": _answers(_ask_database), "content": _answers(_ask_store)}
    ready = all(checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _answers(ask: object) -> bool:
    try:
        ask()  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - whatever it is, the answer is no
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_store() -> None:
    content_store().stat("0" * 64)


@require_safe
def robots(request: HubRequest) -> HttpResponse:  # noqa: ARG001 - the signature is Django's
    """Ask robots to leave searches and accounts alone."""
    rules = "User-agent: *\nDisallow: /search\nDisallow: /settings/\nDisallow: /v2/\n"
    return HttpResponse(rules, content_type="text/plain")


def bad_request(request: HubRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - the signature is Django's
    return render(request, "errors/400.html", {"status": 400}, status=400)


def forbidden(request: HubRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - the signature is Django's
    return render(request, "errors/403.html", {"status": 403}, status=403)


def csrf_failure(request: HubRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - the signature is Django's
    return render(request, "errors/403.html", {"status": 403, "csrf": True}, status=403)


def not_found(request: HubRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - the signature is Django's
    if request.path.startswith("/api/"):
        return _api_problem(404, "not-found", "There is nothing here.")
    return render(request, "errors/404.html", {"status": 404}, status=404)


def server_error(request: HubRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return _api_problem(500, "internal", "The hub failed. It has been noted; try again later.")
    try:
        page = str(render_to_string("errors/500.html"))
    except Exception:  # noqa: BLE001 - whatever fails, the answer is still a page
        page = (settings.ROOT / "templates/500.html").read_text()
    return HttpResponse(page, status=500)


def _api_problem(status: int, code: str, sentence: str) -> HttpResponse:
    body = {
        "type": f"/docs/errors/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": sentence,
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")
