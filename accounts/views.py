"""Access tokens and organizations. Signing in and up is allauth's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, services
from accounts.forms import MemberForm, OrganizationForm, TokenForm
from core.errors import HubError
from core.policy import Permission, Role, allows

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.requests import HubRequest


@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: HubRequest) -> HttpResponse:
    """List the access tokens and make new ones; a secret is shown in this one answer only."""
    form = TokenForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        _, secret = services.create_access_token(actor=request.actor, **form.cleaned_data)
        form = TokenForm()
    context = {
        "tokens": selectors.access_tokens_of(request.actor),
        "form": form,
        "secret": secret,
    }
    return render(request, "accounts/tokens.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def revoke_token(request: HubRequest, token_id: int) -> HttpResponse:
    """End an access token."""
    services.revoke_access_token(actor=request.actor, token_id=token_id)
    messages.success(request, "The access token is revoked.")
    return redirect("accounts:tokens")


@login_required
@require_safe
def organizations(request: HubRequest) -> HttpResponse:
    """List the organizations that the person belongs to."""
    context = {"organizations": selectors.organizations_of(request.actor)}
    return render(request, "accounts/organizations.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def organization_new(request: HubRequest) -> HttpResponse:
    """Found an organization."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_organization(actor=request.actor, **form.cleaned_data)
        except HubError as error:
            form.add_error("name", error.message)
        else:
            return redirect("accounts:people", form.cleaned_data["name"])
    status = 400 if form.errors else 200
    return render(request, "accounts/organization_new.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def people(request: HubRequest, org: str) -> HttpResponse:
    """List the members of an organization, add one, change a role."""
    organization = selectors.get_organization(org)
    members = selectors.members_of(actor=request.actor, organization=organization)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_member(
                actor=request.actor,
                organization=organization,
                username=form.cleaned_data["username"],
                role=Role(form.cleaned_data["role"]),
            )
        except HubError as error:
            form.add_error("username", error.message)
        else:
            return redirect("accounts:people", org)
    context = {
        "organization": organization,
        "namespace": organization.namespace,
        "members": members,
        "may_manage": allows(request.actor, Permission.ORGANIZATION_MANAGE_MEMBERS, namespace=org),
        "form": form,
    }
    return render(request, "accounts/people.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def remove_person(request: HubRequest, org: str, username: str) -> HttpResponse:
    """Take a member out of the organization."""
    organization = selectors.get_organization(org)
    try:
        services.remove_member(actor=request.actor, organization=organization, username=username)
    except HubError as error:
        messages.error(request, error.message)
    if username == request.actor.name:
        return redirect("accounts:organizations")
    return redirect("accounts:people", org)
