"""Refresh tokens: what a client keeps after a login instead of the access token."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from accounts.models import AccessToken
from registry import refreshing
from registry.models import RefreshToken
from tests.registry.driving import DATABASE, HOST, Client, basic, code_of

pytestmark = DATABASE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SCOPE = "repository:acme/private:pull"


def login(registry: Client) -> str:
    answer = registry.send(
        "GET",
        f"/token?service={HOST}&offline_token=true&client_id=docker&account=alice",
        headers=basic("alice", registry.secrets["alice"]),
    )
    return str(answer.json()["refresh_token"])


def refresh(registry: Client, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "scope": SCOPE}
    content = str(httpx.QueryParams(form)).encode()
    return registry.send("POST", "/token", headers=FORM, content=content)


def test_they_give_tokens_until_the_access_token_ends(registry: Client) -> None:
    kept = login(registry)

    answer = refresh(registry, kept)
    AccessToken.objects.filter(user__username="alice").update(revoked="2026-01-01T00:00:00Z")
    after = refresh(registry, kept)

    assert answer.json()["scope"] == SCOPE
    assert answer.json()["refresh_token"] == kept
    assert (after.status_code, code_of(after)) == (401, "UNAUTHORIZED")


def test_they_come_with_a_password_that_asks_for_offline_access(registry: Client) -> None:
    form = {
        "grant_type": "password",
        "username": "alice",
        "password": registry.secrets["alice"],
        "access_type": "offline",
        "scope": SCOPE,
    }
    content = str(httpx.QueryParams(form)).encode()

    answer = registry.send("POST", "/token", headers=FORM, content=content)

    assert refresh(registry, answer.json()["refresh_token"]).status_code == 200


def test_they_are_stored_as_hashes_and_bounded(
    registry: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "MOST", 2)
    oldest, *newer = [login(registry) for _ in range(3)]

    assert [refresh(registry, each).status_code for each in (oldest, *newer)] == [401, 200, 200]
    kept = set(RefreshToken.objects.values_list("sha256", flat=True))
    assert kept == {hashlib.sha256(each.encode()).hexdigest() for each in newer}


def test_they_work_nowhere_else(registry: Client) -> None:
    kept = login(registry)

    as_password = registry.send("GET", "/token", headers=basic("alice", kept))
    as_bearer = registry.send("GET", "/v2/", headers={"Authorization": f"Bearer {kept}"})

    assert [as_password.status_code, as_bearer.status_code] == [401, 401]
    assert refresh(registry, "whubr_wrong").status_code == 401


def test_those_that_nobody_uses_are_forgotten(registry: Client) -> None:
    kept = login(registry)
    RefreshToken.objects.update(used="2026-01-01T00:00:00Z")

    refreshing.forget_unused()

    assert refresh(registry, kept).status_code == 401


def test_nobody_in_particular_gets_none(registry: Client) -> None:
    answer = registry.send("GET", "/token?offline_token=true")

    assert "refresh_token" not in answer.json()
