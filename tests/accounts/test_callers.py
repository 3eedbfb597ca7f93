"""Whose request it is, told from its headers."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.callers import person_behind
from accounts.models import AccessToken, User
from core.actor import Actor
from core.policy import Scope


@pytest.fixture
def secret(alice: Actor) -> str:
    return services.create_access_token(actor=alice, name="ci", scopes=[Scope.PULL.value])[1]


def test_a_live_token_names_its_owner(alice: Actor, secret: str) -> None:
    basic = b64encode(f"alice:{secret}".encode())

    assert person_behind([(b"authorization", f"Bearer {secret}".encode())]) == alice.user_id
    assert person_behind([(b"authorization", b"Basic " + basic)]) == alice.user_id


def test_a_session_names_its_person_until_it_ends(alice: Actor) -> None:
    browser = Client()
    browser.force_login(User.objects.get(username="alice"))
    cookie = f"x=1; sessionid={browser.cookies['sessionid'].value}".encode()

    assert person_behind([(b"cookie", cookie)]) == alice.user_id
    browser.logout()
    assert person_behind([(b"cookie", cookie)]) is None


def test_what_is_wrong_expired_or_absent_is_nobody(alice: Actor, secret: str) -> None:
    AccessToken.objects.update(expires=timezone.now() - timedelta(1))

    assert person_behind([(b"authorization", f"Bearer {secret}".encode())]) is None
    assert person_behind([(b"authorization", b"Basic \xff")]) is None
    assert person_behind([(b"cookie", b"sessionid=\xff; sessionid")]) is None
    assert person_behind([]) is None
