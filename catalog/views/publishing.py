"""Publish from the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.selectors import access_tokens_of, publishing_namespaces
from catalog import services
from catalog.forms import UploadForm
from core.errors import HubError
from core.origin import public_origin

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HubRequest) -> HttpResponse:
    """Publish a module: upload it here, or learn how to push it."""
    namespaces = publishing_namespaces(request.actor)
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        namespaces=namespaces,
        initial={"namespace": request.GET.get("namespace"), "name": request.GET.get("name")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            release = services.reserve_release(actor=request.actor, **form.cleaned_data)
        except HubError as error:
            _show(form, error)
        else:
            row = release.extension
            return redirect("catalog:version", row.namespace.name, row.name, release.version)
    context = {
        "form": form,
        "namespaces": namespaces,
        "push_commands": _push_commands(request, namespaces[0]),
        "has_token": access_tokens_of(request.actor).exists(),
    }
    status = 400 if form.errors else 200
    return render(request, "catalog/new.html", context, status=status)


def _show(form: UploadForm, error: HubError) -> None:
    """Put a service's refusal beside the field that it is about."""
    fields = error.detail.get("fields")
    if isinstance(fields, dict):
        for field, texts in fields.items():
            form.add_error(field, texts)
    elif error.code == "version-exists":
        form.add_error("version", error.message)
    elif error.code == "name-invalid":
        form.add_error("name", error.message)
    else:
        form.add_error(None, error.message)


def _push_commands(request: HubRequest, namespace: str) -> list[dict[str, str]]:
    origin = public_origin(request.get_host())
    host = origin.partition("://")[2]
    plain = origin.startswith("http://")
    image = f"{host}/{namespace}/my-filter:1.0.0"
    skopeo = " --tls-verify=false" if plain else ""
    copy = " --dest-tls-verify=false" if plain else ""
    oras = " --plain-http" if plain else ""
    return [
        {
            "label": "skopeo",
            "command": f"skopeo login{skopeo} -u {request.actor.name} {host}\n"
            f"skopeo copy{copy} oci:my-filter docker://{image}",
        },
        {
            "label": "crane",
            "command": f"crane auth login -u {request.actor.name} {host}\n"
            f"crane push{' --insecure' if plain else ''} my-filter {image}",
        },
        {
            "label": "oras",
            "command": f"oras login{oras} -u {request.actor.name} {host}\n"
            f"oras copy --from-oci-layout my-filter:1.0.0 {image}{oras.replace('--', '--to-')}",
        },
    ]
