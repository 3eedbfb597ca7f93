"""The page on which a release is tried on a request."""

from __future__ import annotations

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
from validation.rates import check_trial_rate
from validation.sharing import from_link, to_link
from validation.standard import sentence_of
from validation.trying import try_release
from wasmhub.proxywasm.trial_shown import show

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension, Release


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
    shown = show(tried.outcome, tried.before) if tried else None
    context |= {"form": form, "shown": shown, "refusal": refusal}
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
