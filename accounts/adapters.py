"""What allauth asks us: names, namespaces, and when a connection may be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Namespace
from accounts.names import check_namespace
from accounts.services import claim_namespace
from core.errors import NameInvalidError

if TYPE_CHECKING:
    from django.http import HttpRequest  # noqa: TID251 - an adapter of HTTP


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Let an account's user name be a namespace."""

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002 - the signature is not ours
        name = username.lower()
        try:
            check_namespace(name)
        except NameInvalidError as error:
            raise ValidationError(error.message) from error
        if not shallow and Namespace.objects.filter(name=name).exists():
            raise ValidationError(f"The name “{name}” is taken.")
        return str(super().clean_username(name, shallow))

    def save_user(
        self,
        request: HttpRequest,
        user: Any,
        form: Any,
        commit: bool = True,  # noqa: FBT001, FBT002 - the signature is not ours
    ) -> Any:
        """Open the account and claim its namespace together, or not at all."""
        with transaction.atomic():
            saved = super().save_user(request, user, form, commit)
            if commit:
                claim_namespace(user=saved)
        return saved


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Propose a name that the person can have."""

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """Open the account and claim its namespace together, or not at all."""
        with transaction.atomic():
            saved = super().save_user(request, sociallogin, form)
            if not Namespace.objects.filter(user=saved).exists():
                claim_namespace(user=saved)
        return saved
