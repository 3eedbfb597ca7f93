"""Signing keys: one, made on first use, and unreadable without the secret key."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from registry.keys import Keyring, rotate
from registry.models import SigningKey
from tests.registry.driving import DATABASE

pytestmark = DATABASE


def test_several_processes_that_start_at_once_make_one_key() -> None:
    def first_use(ring: Keyring) -> str:
        try:
            return ring.signing_key().kid
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        kids = list(pool.map(first_use, [Keyring() for _ in range(6)]))

    assert kids == ["1"] * 6
    assert SigningKey.objects.count() == 1


def test_a_key_that_another_process_made_is_found_at_once() -> None:
    mine, theirs = Keyring(), Keyring()
    unknown = mine.verification_key("1")

    key = theirs.signing_key()

    assert unknown is None
    found = mine.verification_key(key.kid)
    assert found is not None
    assert found.public_numbers() == key.private.public_key().public_numbers()


def test_a_new_key_signs_and_the_one_before_still_verifies() -> None:
    ring = Keyring()
    ring.signing_key()

    rotate()
    ring.forget()

    assert ring.signing_key().kid == "2"
    assert ring.verification_key("1") is not None


def test_keys_go_when_no_token_of_theirs_can_be_alive() -> None:
    Keyring().signing_key()
    rotate()
    SigningKey.objects.update(created=timezone.now() - timedelta(hours=2))
    SigningKey.objects.filter(kid="1").update(created=timezone.now() - timedelta(days=9))

    rotate()

    assert sorted(SigningKey.objects.values_list("kid", flat=True)) == ["2", "3"]


def test_keys_of_another_secret_are_passed_over(settings: LazySettings) -> None:
    Keyring().signing_key()
    settings.SECRET_KEY = "another one " * 4

    assert Keyring().signing_key().kid == "2"


def test_a_key_is_not_kept_in_the_open() -> None:
    Keyring().signing_key()

    kept = SigningKey.objects.get().encrypted

    with pytest.raises(ValueError, match="deserialize"):
        load_der_private_key(base64.urlsafe_b64decode(kept), password=None)
    assert "PRIVATE" not in kept
