"""The page on which a release is tried on a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from catalog.selectors import get_release
from catalog.views.extensions import at_its_address, page_of
from core.errors import HubError
from validation.forms import TrialForm, initial_of
from validation.rates import check_trial_rate
from validation.sharing import from_link, to_link
from validation.trying import try_release
from wasmhub.proxywasm.trial_shown import show

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension


@require_http_methods(["GET", "POST"])
@at_its_address
def try_out(request: HubRequest, extension: Extension) -> HttpResponse:
    """Show the form, and what came of the trial that was sent or that the link stands for."""
    page, context = page_of(request, extension, "try", request.GET.get("version"))
    shared = request.GET.get("t", "")
    trial, refusal, shown = None, None, None
    form = TrialForm(request.POST or None)
    try:
        if request.method == "POST" and form.is_valid():
            trial = form.trial()
        elif shared and request.method == "GET":
            trial = from_link(shared)
            form = TrialForm(initial=initial_of(trial))
        if trial is not None and page.release is not None:
            check_trial_rate(request)
            release = get_release(
                actor=request.actor, extension=extension, version=page.release.version
            )
            tried = try_release(actor=request.actor, release=release, trial=trial)
            shown = show(tried.outcome, tried.before)
    except HubError as error:
        refusal = error
    context |= {"form": form, "shown": shown, "refusal": refusal}
    context["share_url"] = _share_url(page.url, context, trial) if shown and trial else None
    context["versions"] = [each.version for each in page.releases if each.verdict == "passed"]
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "validation/try.html", context, status=status)


def _share_url(url: str, context: dict[str, Any], trial: dict[str, Any]) -> str | None:
    text = to_link(trial)
    return f"{url}/try?version={context['release'].version}&t={text}" if text else None
