"""Pulls are counted: a GET of a manifest or a module, once per client and digest a minute."""

from __future__ import annotations

import hashlib

import pytest
from django.db.models import Sum

from catalog.models import ManifestPull, PullCount, Verdict
from core.content import content_store
from registry import counting
from registry.counting import Pulls, pulls
from tests.registry.driving import DATABASE, Client, judge, publish

pytestmark = DATABASE

MODULE = b"\0asm\x01\0\0\0"


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Pulls()
    monkeypatch.setattr(pulls, "_seen", fresh._seen)
    monkeypatch.setattr(pulls, "_unwritten", fresh._unwritten)


@pytest.fixture
def passed(registry: Client) -> Client:
    packed = registry.push("acme/jwt", "1.0.0")
    judge(packed, Verdict.PASSED, module=MODULE)
    publish("acme/jwt")
    return registry


def counted() -> int:
    pulls.flush()
    return PullCount.objects.aggregate(sum=Sum("count"))["sum"] or 0


def test_a_get_counts_and_a_head_does_not(passed: Client) -> None:
    passed("HEAD", "/v2/acme/jwt/manifests/1.0.0", who="mallory")
    heads = counted()
    passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="mallory")

    assert (heads, counted()) == (0, 1)


def test_each_client_counts_once_a_minute(passed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("mallory", "mallory", "bob", None, None):
        passed("GET", "/v2/acme/jwt/manifests/1.0.0", who=who)
    first = counted()
    monkeypatch.setattr(counting, "COUNTED_EVERY_SECONDS", 0.0)
    passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="mallory")

    assert (first, counted()) == (3, 4)


def test_a_download_of_the_module_counts(passed: Client) -> None:
    sha256 = hashlib.sha256(MODULE).hexdigest()
    content_store().begin("module")
    content_store().append("module", 0, MODULE)
    content_store().commit("module", sha256)

    answer = passed.send("GET", f"/download/acme/jwt/{sha256}.wasm")

    assert answer.content == MODULE
    assert counted() == 1


def test_what_somebody_else_pulled_is_marked(passed: Client) -> None:
    passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="bob")
    counted()
    own = ManifestPull.objects.exists()
    passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="mallory")
    counted()

    assert not own
    assert ManifestPull.objects.exists()
