"""The page on which a release is tried on a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.models import Verdict
from catalog.selectors import get_release, may_publish
from catalog.selectors.examples import example_runs, get_example, standard_summary
from catalog.views.extensions import at_its_address, page_of
from core.errors import HubError
from validation.forms import ExampleForm, TrialForm, example_initial, initial_of
from validation.headers import Marked, difference
from validation.rates import check_trial_rate
from validation.sharing import from_link, to_link
from validation.standard import sentence_of
from validation.trying import try_release

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension, Release
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
    """Show the form, and what came of the trial that was sent, or that a link or example holds."""
    page, context = page_of(request, extension, "try", request.GET.get("version"))
    keeps = may_publish(request.actor, extension)
    release = None
    if page.release is not None and page.release.verdict == Verdict.PASSED:
        release = get_release(
            actor=request.actor, extension=extension, version=page.release.version
        )
    trial, refusal, tried = None, None, None
    form = TrialForm(request.POST or None)
    try:
        trial, form = _asked(request, extension, form)
        if trial is not None and release is not None:
            check_trial_rate(request)
            tried = try_release(actor=request.actor, release=release, trial=trial, propose=keeps)
    except HubError as error:
        refusal = error
    context |= {"form": form, "shown": show(tried) if tried else None, "refusal": refusal}
    context |= _kept(request, extension, release, may_change=keeps)
    if tried and trial is not None:
        context["share_url"] = _share_url(page.url, context, trial)
        if keeps:
            proposed = example_initial("", "", trial, tried.proposed or {})
            context["example_form"] = ExampleForm(initial=proposed, is_new=True)
    context["versions"] = [each.version for each in page.releases if each.verdict == "passed"]
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "validation/try.html", context, status=status)


def _asked(
    request: HubRequest, extension: Extension, form: TrialForm
) -> tuple[dict[str, Any] | None, TrialForm]:
    """Return the trial that is wanted, if any, and the form filled in with it."""
    if request.method == "POST":
        return (form.trial() if form.is_valid() else None), form
    if name := request.GET.get("example"):
        trial = get_example(extension=extension, name=name).trial
    elif text := request.GET.get("t"):
        trial = from_link(text)
    else:
        return None, form
    return trial, TrialForm(initial=initial_of(trial))


def _kept(
    request: HubRequest, extension: Extension, release: Release | None, *, may_change: bool
) -> dict[str, Any]:
    """Return what is known of a release before anybody tries it here: examples, a plain request."""
    if release is None:
        return {}
    runs = example_runs(release=release)
    summary = standard_summary(release=release)
    address = [extension.namespace.name, extension.name]
    return {
        "examples": [
            {
                "run": each,
                "current": each.name == request.GET.get("example"),
                "edit_url": reverse("validation:edit-example", args=[*address, each.name])
                if may_change
                else None,
            }
            for each in runs
        ],
        "examples_passed": sum(each.state == "passed" for each in runs),
        "standard": sentence_of(summary) if summary else None,
        "keep_url": reverse("validation:new-example", args=address),
    }


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
