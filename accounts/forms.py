"""Forms of the account pages."""

from __future__ import annotations

from django import forms

from core.policy import Role, Scope


class TokenForm(forms.Form):
    """Make an access token."""

    name = forms.CharField(max_length=100, help_text="What it is for, such as “laptop” or “CI”.")
    scopes = forms.MultipleChoiceField(
        choices=[
            (Scope.PULL.value, "Pull: read what you may read"),
            (Scope.PUBLISH.value, "Publish: push and edit where you may publish"),
        ],
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.PULL.value, Scope.PUBLISH.value],
    )
    days = forms.TypedChoiceField(
        label="Expires",
        coerce=int,
        choices=[(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "365 days")],
        initial=90,
    )


class OrganizationForm(forms.Form):
    """Found an organization."""

    name = forms.CharField(
        max_length=77, help_text="Its namespace: lower-case letters, digits and single hyphens."
    )
    display_name = forms.CharField(max_length=100, required=False, help_text="As people read it.")
    description = forms.CharField(max_length=300, required=False)


class MemberForm(forms.Form):
    """Add a member, or change a role."""

    username = forms.CharField(max_length=77)
    role = forms.ChoiceField(
        choices=[(Role.MEMBER.value, "Member: reads and publishes"), (Role.OWNER.value, "Owner")]
    )
