"""Make, change and delete examples on pages of their own, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from catalog import services
from catalog.selectors import where
from catalog.selectors.examples import get_example
from catalog.views.extensions import at_its_address, page_of
from core.errors import HubError
from core.policy import Permission, require
from validation.forms import ExampleForm, example_initial
from validation.rates import check_trial_rate
from validation.services import save_example

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension, TrialExample


@require_http_methods(["GET", "POST"])
@at_its_address
def new_example(request: HubRequest, extension: Extension) -> HttpResponse:
    """Keep the trial that was sent along as an example."""
    return _form(request, extension, None)


@require_http_methods(["GET", "POST"])
@at_its_address
def edit_example(request: HubRequest, extension: Extension, example: str) -> HttpResponse:
    """Change an example."""
    require(request.actor, Permission.EXTENSION_PUBLISH, **where(extension))
    return _form(request, extension, get_example(extension=extension, name=example))


@require_POST
@at_its_address
def delete_example(request: HubRequest, extension: Extension, example: str) -> HttpResponse:
    """Delete an example and its results."""
    services.delete_example(actor=request.actor, extension=extension, name=example)
    messages.success(request, f"The example {example} is gone.")
    return redirect("validation:try", extension.namespace.name, extension.name)


def _form(request: HubRequest, extension: Extension, row: TrialExample | None) -> HttpResponse:
    require(request.actor, Permission.EXTENSION_PUBLISH, **where(extension))
    initial = example_initial(row.name, row.description, row.trial, row.expected) if row else {}
    form = ExampleForm(request.POST or None, initial=initial, is_new=row is None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            check_trial_rate(request)
            return _saved(request, extension, form, row)
        except HubError as error:
            form.add_error(None, error.message)
            status = error.status
    elif form.errors:
        status = 400
    page, context = page_of(request, extension, "try")
    context |= {"form": form, "example": row, "try_url": f"{page.url}/try"}
    return render(request, "validation/example.html", context, status=status)


def _saved(
    request: HubRequest, extension: Extension, form: ExampleForm, row: TrialExample | None
) -> HttpResponse:
    said = form.cleaned_data
    version = request.GET.get("version")
    kept, changed = save_example(
        actor=request.actor,
        extension=extension,
        name=row.name if row else said["name"],
        description=said["description"],
        trial=said["trial"],
        expected=said["expected"],
        version=version,
        replace=row is not None,
    )
    soon = " It is being run: look again in a moment." if changed else ""
    messages.success(request, f"The example {kept.name} is kept.{soon}")
    shown = {"version": version} if version else {}
    query = urlencode(shown | {"example": kept.name})
    return redirect(f"/{extension}/try?{query}")
