"""The pages of a namespace, an extension and its releases."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.selectors import get_namespace
from catalog import readme, selectors, services
from catalog.forms import SettingsForm
from catalog.selectors.cards import namespace_cards
from catalog.selectors.comparing import capabilities_gained, predecessor, span_url
from catalog.selectors.compatibility import compatibility_of_module, module_read
from catalog.selectors.contents import contents_of_facts
from catalog.selectors.examples import example_counts
from catalog.selectors.packaging import packaging_of
from catalog.selectors.pages import ExtensionPage, extension_page
from core.errors import InvalidError
from core.origin import public_origin
from core.policy import Permission, allows, require
from wasmhub.proxywasm.by_proxy import by_proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from accounts.requests import HubRequest
    from catalog.models import Extension

P = ParamSpec("P")


@require_safe
def namespace(request: HubRequest, namespace: str) -> HttpResponse:
    """Show who publishes under a name, and what."""
    holder = get_namespace(namespace)
    if holder.name != namespace:
        return redirect("catalog:namespace", holder.name, permanent=True)
    may_see_members = allows(
        request.actor, Permission.ORGANIZATION_READ_MEMBERS, namespace=holder.name
    )
    context = {
        "namespace": {
            "name": holder.name,
            "display_name": holder.display_name,
            "description": holder.organization.description if holder.organization else "",
            "website": holder.organization.website if holder.organization else "",
            "is_organization": holder.is_organization,
            "created": holder.created,
        },
        "cards": namespace_cards(actor=request.actor, namespace=holder.name),
        "may_publish": allows(request.actor, Permission.EXTENSION_PUBLISH, namespace=holder.name),
        "members_url": reverse("accounts:people", args=[holder.name])
        if holder.is_organization and may_see_members
        else None,
    }
    return render(request, "catalog/namespace.html", context)


def at_its_address(
    view: Callable[Concatenate[HubRequest, Extension, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Give the view the extension that the visitor may see, or send them from an old name on."""

    @wraps(view)
    def answer(
        request: HubRequest, namespace: str, name: str, *args: P.args, **more: P.kwargs
    ) -> HttpResponse:
        extension = selectors.get_extension(actor=request.actor, namespace=namespace, name=name)
        if str(extension) == f"{namespace}/{name}" or request.method == "POST":
            return view(request, extension, *args, **more)
        # What stands behind the name in the path is the same at the new address.
        rest = request.get_full_path().removeprefix(f"/{namespace}/{name}")
        return redirect(f"/{extension}{rest}", permanent=True)

    return answer


@require_safe
@at_its_address
def extension(request: HubRequest, extension: Extension) -> HttpResponse:
    """Show what an extension is, how to get it and how to deploy it."""
    _, context = page_of(request, extension, "readme")
    rendered = readme.render(context["extension"].readme)
    context |= {"readme_html": rendered.html, "toc": rendered.toc}
    return render(request, "catalog/extension.html", context)


@require_safe
@at_its_address
def versions(request: HubRequest, extension: Extension) -> HttpResponse:
    """List the releases."""
    page, context = page_of(request, extension, "versions")
    counts = example_counts(extension=extension)
    releases = [replace(each, examples=counts.get(each.version)) for each in page.releases]
    context |= {"releases": releases, "versions": [each.version for each in releases]}
    return render(request, "catalog/versions.html", context)


@require_safe
@at_its_address
def version(request: HubRequest, extension: Extension, version: str) -> HttpResponse:
    """Show one release, and what it can do beyond the one before."""
    page, context = page_of(request, extension, "versions", version)
    shown = next(row for row in page.rows if page.release and row.version == page.release.version)
    context["examples"] = example_counts(extension=extension).get(shown.version)
    older = predecessor(page.rows, shown)
    if older is not None:
        context |= {
            "gained": capabilities_gained(older=older, newer=shown),
            "predecessor": older.version,
            "compare_url": span_url(extension, older.version, shown.version),
        }
    return render(request, "catalog/version.html", context)


@require_safe
@at_its_address
def status(request: HubRequest, extension: Extension, version: str) -> HttpResponse:
    """Answer a page that waits for a verdict: still pending, or look again."""
    page, context = page_of(request, extension, "versions", version)
    response = render(request, "catalog/_verdict.html", context)
    if page.release is not None and page.release.verdict != "pending":
        response["HX-Refresh"] = "true"
    return response


@require_safe
@at_its_address
def abi(request: HubRequest, extension: Extension) -> HttpResponse:
    """Show where the module loads, what it imports, exports, contains and can do."""
    page, context = page_of(request, extension, "abi")
    if page.release is not None and page.release.abi:
        release = selectors.get_release(
            actor=request.actor, extension=extension, version=page.release.version
        )
        context["compatibility"] = by_proxy(compatibility_of_module(module_read(release)))
        if release.manifest is not None and release.manifest.packaging is not None:
            context["packaging"] = packaging_of(release)
    if page.release is not None:
        context["contents"] = contents_of_facts(page.release.facts)
    return render(request, "catalog/abi.html", context)


@require_http_methods(["GET", "POST"])
@at_its_address
def settings(request: HubRequest, extension: Extension) -> HttpResponse:
    """Edit what the page says, and who sees it."""
    page, context = page_of(request, extension, "settings")
    require(request.actor, Permission.EXTENSION_EDIT, **selectors.where(extension))
    before = {field: getattr(extension, field) for field in SettingsForm.Meta.fields}
    form = SettingsForm(
        request.POST or None, instance=extension, may_set_visibility=page.may_set_visibility
    )
    if request.method == "POST" and form.is_valid():
        changes = {field: form.cleaned_data[field] for field in before}
        for field, value in before.items():
            setattr(
                extension, field, value
            )  # the form wrote on the row; the service does the change
        try:
            services.edit_extension(actor=request.actor, extension=extension, changes=changes)
        except InvalidError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, "Saved.")
            return redirect(page.url)
    return render(request, "catalog/settings.html", context | {"form": form})


def page_of(
    request: HubRequest, extension: Extension, tab: str, version: str | None = None
) -> tuple[ExtensionPage, dict[str, Any]]:
    """Return what all pages of an extension show, and the template's context with it."""
    if version is not None:
        version = selectors.get_release(
            actor=request.actor, extension=extension, version=version
        ).version
    page = extension_page(
        actor=request.actor,
        extension=extension,
        origin=public_origin(request.get_host()),
        tab=tab,
        version=version,
    )
    status_url = None
    if page.release is not None and page.release.verdict == "pending":
        address = [extension.namespace.name, extension.name, page.release.version]
        status_url = reverse("catalog:status", args=address)
    return page, {
        "extension": extension,
        "page": page,
        "release": page.release,
        "status_url": status_url,
    }
