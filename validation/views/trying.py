"""The page on which a release is tried on a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.models import Verdict
from catalog.selectors import get_release, may_publish
from catalog.selectors.compatibility import module_read
from catalog.selectors.examples import example_runs, get_example, standard_summary
from catalog.views.extensions import at_its_address, page_of
from core.errors import HubError
from validation.forms import (
    ConfigSchema,
    ConnectionForm,
    ExampleForm,
    TrialForm,
    example_initial,
)
from validation.rates import check_trial_rate
from validation.sharing import from_link, to_link
from validation.standard import sentence_of
from validation.trying import try_release
from wasmhub.proxywasm.trial_shown import show

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension, Release
    from validation.forms.filter import FilterForm


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
    form: FilterForm = TrialForm()
    try:
        trial, form = _asked(request, extension, release)
        if trial is not None and release is not None:
            check_trial_rate(request)
            tried = try_release(actor=request.actor, release=release, trial=trial, propose=keeps)
    except HubError as error:
        refusal = error
    context |= {"form": form, "refusal": refusal, "other": _other(form, release)}
    context |= _kept(request, extension, release, may_change=keeps)
    if tried is not None and trial is not None:
        is_connection = "connection" in trial
        context["shown"] = show(
            tried.outcome, tried.before, memory=tried.memory, is_connection=is_connection
        )
        context["share_url"] = _share_url(page.url, context, trial)
        if keeps:
            proposed = example_initial("", "", trial, tried.proposed or {})
            context["example_form"] = ExampleForm(initial=proposed, is_new=True)
    context["versions"] = [each.version for each in page.releases if each.verdict == "passed"]
    status = refusal.status if refusal else 400 if form.errors else 200
    return render(request, "validation/try.html", context, status=status)


def _asked(
    request: HubRequest, extension: Extension, release: Release | None
) -> tuple[dict[str, Any] | None, FilterForm]:
    """Return the trial that is wanted, if any, and the form filled in with it."""
    schema = _schema_of(release)
    if request.method == "POST":
        kind = ConnectionForm if "downstream" in request.POST else TrialForm
        form = kind(request.POST, schema=schema)
        return (form.trial() if form.is_valid() else None), form
    if name := request.GET.get("example"):
        trial = get_example(extension=extension, name=name).trial
    elif text := request.GET.get("t"):
        trial = from_link(text)
    else:
        kind = ConnectionForm if _is_for_bytes(request, release) else TrialForm
        return None, kind(schema=schema)
    kind = ConnectionForm if "connection" in trial else TrialForm
    return trial, kind(trial=trial, schema=schema)


def _schema_of(release: Release | None) -> ConfigSchema | None:
    """Return the schema of the configuration that the release's image brings."""
    packaging = release.manifest.packaging if release and release.manifest else None
    return ConfigSchema.read(packaging.get("config_schema")) if packaging else None


def _other(form: FilterForm, release: Release | None) -> str:
    """Return what else the module can be tried on: a ``connection``, a ``request``, or nothing."""
    contexts = module_read(release).facts["contexts"] if release else []
    is_connection = isinstance(form, ConnectionForm)
    other = ("http", "request") if is_connection else ("tcp", "connection")
    return other[1] if other[0] in contexts else ""


def _is_for_bytes(request: HubRequest, release: Release | None) -> bool:
    """Tell whether to ask for bytes: where the module sees no requests, or where that is wished."""
    contexts = module_read(release).facts["contexts"] if release else []
    wanted = request.GET.get("on", "request" if "http" in contexts else "connection")
    return "tcp" in contexts and wanted == "connection"


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
