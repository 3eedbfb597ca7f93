"""The page of what changes between two releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from catalog.selectors.comparing import get_span, span_url
from catalog.views.extensions import at_its_address, page_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension


@require_safe
@at_its_address
def compare(request: HubRequest, extension: Extension, span: str) -> HttpResponse:
    """Show what changes from one release to another."""
    found = get_span(actor=request.actor, extension=extension, text=span)
    page, context = page_of(request, extension, "versions")
    context |= {
        "span": found,
        "changes": found.changes,
        "versions": [each.version for each in page.releases],
        "back_url": span_url(extension, found.newer.version, found.older.version),
    }
    return render(request, "catalog/compare.html", context)


@require_safe
@at_its_address
def compare_chosen(request: HubRequest, extension: Extension) -> HttpResponse:
    """Send a form's two versions to the page that compares them."""
    text = f"{request.GET.get('from', '')}...{request.GET.get('to', '')}"
    found = get_span(actor=request.actor, extension=extension, text=text)
    return redirect(span_url(extension, found.older.version, found.newer.version))
