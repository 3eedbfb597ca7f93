"""The page on which a release is tried on a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from catalog.selectors import get_release
from catalog.views.extensions import at_its_address, page_of
from core.errors import HubError
from validation.forms import TrialForm, initial_of
from validation.headers import Marked, difference
from validation.rates import check_trial_rate
from validation.sharing import from_link, to_link
from validation.trying import try_release

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension
    from validation.trying import Tried

# The outcomes that mean that the request went its way.
GOOD = {"continued", "replied"}
SENTENCES = {
    "continued": "The request went through the filter to the upstream and back.",
    "replied": "The filter answered by itself; the upstream never saw the request.",
    "paused": "The filter holds the request, and nothing makes it go on.",
    "trapped": "The filter broke down. A proxy answers 503 then.",
    "rejected": "A proxy would not start with this module and configuration.",
    "limited": "The sandbox stopped the trial.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The result of a trial as the page shows it."""

    outcome: str
    is_good: bool
    sentence: str
    reason: str
    status: int
    request: list[Marked]
    request_body: object
    response: list[Marked]
    response_body: object
    logs: list[dict[str, str]]
    calls: list[dict[str, Any]]
    fuel: int
    milliseconds: float


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
            shown = show(try_release(actor=request.actor, release=release, trial=trial))
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


def show(tried: Tried) -> Shown:
    """Return what the page shows of an outcome: what the filter changed stands out."""
    outcome = tried.outcome
    request, response = outcome["request"], outcome["response"]
    answered = outcome["outcome"] == "replied"
    before = [] if answered else tried.before["response"]
    status = [[":status", str(response["status"])]] if response["status"] else []
    received = [each for each in response["headers"] if each[0] != ":status"]
    return Shown(
        outcome=outcome["outcome"],
        is_good=outcome["outcome"] in GOOD,
        sentence=SENTENCES[outcome["outcome"]],
        reason=outcome["reason"],
        status=response["status"],
        request=difference(tried.before["request"], request["headers"]),
        request_body=_body(request["body"]),
        response=difference(before, status + received),
        response_body=_body(response["body"]),
        logs=outcome["logs"],
        calls=outcome["calls"],
        fuel=outcome["fuel"],
        milliseconds=outcome["milliseconds"],
    )


def _body(body: object) -> str:
    if isinstance(body, dict):
        return f"base64: {body.get('base64', '')}"
    return str(body)
