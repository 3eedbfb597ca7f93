"""Refresh tokens: a login that a client keeps (distribution's spec/auth/oauth)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.actors import access_token_now
from core.errors import CredentialsError
from core.noting import note
from registry.models import RefreshToken

if TYPE_CHECKING:
    from accounts.models import AccessToken

# Logins of one access token that are kept; a build farm may log in by the thousand.
MOST = 50
UNUSED_KEPT = timedelta(days=30)
WRONG = "The refresh token is wrong, or the access token behind it has ended: log in again."


def make(access_token: AccessToken) -> str:
    """Return a new refresh token's secret; the oldest of too many goes."""
    secret = f"whubr_{secrets.token_urlsafe(32)}"
    RefreshToken.objects.create(sha256=_hash(secret), access_token=access_token)
    kept = access_token.refresh_tokens.order_by("-used").values_list("pk", flat=True)[:MOST]
    access_token.refresh_tokens.exclude(pk__in=list(kept)).delete()
    return secret


def access_token_of(secret: str) -> AccessToken:
    """
    Return the access token behind a refresh token, as valid as it is now.

    :raises CredentialsError: there is none, or it expired or was revoked
    """
    row = RefreshToken.objects.filter(pk=_hash(secret)).first()
    if row is None:
        raise CredentialsError(WRONG)
    note(RefreshToken.objects.filter(pk=row.pk), used=timezone.now())
    token = access_token_now(row.access_token_id)
    if token is None:
        raise CredentialsError(WRONG)
    return token


def forget_unused() -> None:
    """Forget logins that nobody came back to."""
    RefreshToken.objects.filter(used__lt=timezone.now() - UNUSED_KEPT).delete()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
