"""Raw modules by their sha256, for Envoy and for people."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from django.test import Client as Browser

from accounts.models import User
from catalog.models import Verdict
from core.content import content_store
from tests.registry.driving import DATABASE, Client, basic, code_of, image, judge, publish

pytestmark = DATABASE

MODULE = b"\0asm\x01\0\0\0" + b"a module of this test" * 20
SHA256 = hashlib.sha256(MODULE).hexdigest()
PATH = f"/download/acme/jwt/{SHA256}.wasm"


@pytest.fixture
def passed(registry: Client) -> Client:
    """Push acme/jwt, private, let it pass, and keep the module's bytes as the worker does."""
    judge(registry.push("acme/jwt", "1.0.0"), Verdict.PASSED, module=MODULE)
    upload = uuid.uuid4().hex
    content_store().begin(upload)
    content_store().append(upload, 0, MODULE)
    content_store().commit(upload, SHA256)
    return registry


@pytest.fixture
def public(passed: Client) -> Client:
    publish("acme/jwt")
    return passed


def test_anybody_gets_a_public_module_for_ever_the_same(public: Client) -> None:
    got, headed = public.send("GET", PATH), public.send("HEAD", PATH)

    assert (got.status_code, headed.status_code) == (200, 200)
    assert (got.content, headed.content) == (MODULE, b"")
    assert dict(got.headers) == dict(headed.headers)
    assert got.headers["content-type"] == "application/wasm"
    assert got.headers["content-length"] == str(len(MODULE))
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "vary" not in got.headers


def test_who_has_it_already_does_not_get_it_again(public: Client) -> None:
    etag = public.send("GET", PATH).headers["etag"]

    answer = public.send("GET", PATH, headers={"If-None-Match": f'"x", W/{etag}'})
    other = public.send("GET", PATH, headers={"If-None-Match": '"x"'})

    assert (answer.status_code, answer.content) == (304, b"")
    assert other.status_code == 200


def test_a_range_is_exactly_that(public: Client) -> None:
    answer = public.send("GET", PATH, headers={"Range": "bytes=4-7"})

    assert (answer.status_code, answer.content) == (206, MODULE[4:8])


class TestPrivate:
    def test_is_there_for_members_by_every_way_and_for_no_cache(self, passed: Client) -> None:
        secret = passed.secrets["bob"]
        for headers in (basic("bob", secret), {"Authorization": f"Bearer {secret}"}):
            answer = passed.send("GET", PATH, headers=headers)

            assert (answer.status_code, answer.content) == (200, MODULE)
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.headers["vary"] == "Cookie, Authorization"

    @pytest.mark.parametrize(("who", "status"), [("bob", 200), ("mallory", 404)])
    def test_is_there_for_a_members_browser(self, passed: Client, who: str, status: int) -> None:
        browser = Browser()
        browser.force_login(
            User.objects.get(username=who),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        cookie = {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}

        assert passed.send("GET", PATH, headers=cookie).status_code == status
        browser.logout()
        assert passed.send("GET", PATH, headers=cookie).status_code == 404

    def test_does_not_exist_for_others(self, passed: Client) -> None:
        answers = [
            passed.send("GET", PATH),
            passed.send("GET", PATH, headers={"Cookie": "sessionid=x"}),
            passed.send("GET", PATH, headers={"Cookie": 'sessionid="\\000"'}),
            passed.send("GET", PATH, headers=basic("mallory", passed.secrets["mallory"])),
            passed.send("GET", PATH.replace("jwt", "absent")),
        ]

        assert {(each.status_code, code_of(each)) for each in answers} == {(404, "BLOB_UNKNOWN")}
        assert len({each.content for each in answers}) == 1

    def test_wrong_credentials_are_told_so(self, passed: Client) -> None:
        registry_token = passed.token("bob", "repository:acme/jwt:pull")
        for headers in (
            basic("bob", "wrong"),
            basic("alice", passed.secrets["bob"]),
            {"Authorization": "Bearer whub_wrong"},
            {"Authorization": f"Bearer {registry_token}"},
        ):
            answer = passed.send("GET", PATH, headers=headers)

            assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED")
            assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.QUARANTINED])
def test_what_does_not_pass_any_more_is_for_publishers(public: Client, verdict: Verdict) -> None:
    packed = image()
    public.push("acme/other", "1.0.0", packed)
    judge(packed, verdict, module=MODULE)
    publish("acme/other")
    path = PATH.replace("jwt", "other")

    theirs = public.send("GET", path)
    mine = public.send("GET", path, headers=basic("bob", public.secrets["bob"]))

    assert theirs.status_code == 404
    assert mine.status_code == 200
    assert mine.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    "path",
    [
        f"/download/acme/jwt/{SHA256.upper()}.wasm",
        f"/download/acme/jwt/{SHA256}",
        f"/download/acme/jwt/{'0' * 64}.wasm",
        f"/download/jwt/{SHA256}.wasm",
        f"/download/acme/%00/{SHA256}.wasm",
        "/download/acme/jwt/../../x.wasm",
        "/download/",
    ],
)
def test_anything_else_is_not_there(public: Client, path: str) -> None:
    assert public.send("GET", path).status_code == 404
