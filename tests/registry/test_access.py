"""Who gets which refusal below /v2/: private and absent look alike."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser

from accounts.models import AccessToken, Membership, User
from catalog.models import Verdict
from tests.registry.driving import (
    DATABASE,
    HOST,
    Client,
    basic,
    code_of,
    exchange,
    image,
    judge,
    publish,
    sha256,
)

pytestmark = DATABASE

BLOB = sha256(b"content")
READS = [
    "/v2/{name}/tags/list",
    "/v2/{name}/manifests/1.0.0",
    f"/v2/{{name}}/manifests/{BLOB}",
    f"/v2/{{name}}/blobs/{BLOB}",
]
WRITES = [
    ("POST", "/v2/{name}/blobs/uploads/"),
    ("POST", f"/v2/{{name}}/blobs/uploads/?digest={BLOB}"),
    ("POST", f"/v2/{{name}}/blobs/uploads/?mount={BLOB}&from=acme/public"),
    ("PUT", "/v2/{name}/manifests/2.0.0"),
    ("DELETE", "/v2/{name}/manifests/1.0.0"),
    ("DELETE", f"/v2/{{name}}/blobs/{BLOB}"),
]


@pytest.fixture
def world(registry: Client) -> Client:
    """Fill the registry: acme/public and acme/private, each with a release that passed."""
    for name in ("acme/public", "acme/private"):
        packed = image(title=name)
        registry.push_blob(name, b"content")
        registry.push(name, "1.0.0", packed)
        judge(packed, Verdict.PASSED)
    publish("acme/public")
    return registry


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class TestWithoutAToken:
    @pytest.mark.parametrize("name", ["acme/public", "acme/private", "acme/absent", "none/absent"])
    def test_everything_is_a_challenge(self, world: Client, name: str) -> None:
        answers = [world.send("GET", path.format(name=name)) for path in READS]
        answers += [world.send(method, path.format(name=name)) for method, path in WRITES]

        assert {answer.status_code for answer in answers} == {401}
        assert {code_of(answer) for answer in answers} == {"UNAUTHORIZED"}

    def test_the_challenge_says_where_and_what_for(self, world: Client) -> None:
        read = world.send("GET", "/v2/acme/private/tags/list")
        write = world.send("POST", "/v2/acme/private/blobs/uploads/")
        look = world.send("HEAD", f"/v2/acme/private/blobs/{BLOB}")
        ping = world.send("GET", "/v2/")

        prefix = f'Bearer realm="http://{HOST}/token",service="{HOST}"'
        assert read.headers.get_list("www-authenticate") == [
            f'{prefix},scope="repository:acme/private:pull"'
        ]
        assert write.headers["www-authenticate"] == (
            f'{prefix},scope="repository:acme/private:pull,push"'
        )
        assert look.headers["www-authenticate"] == write.headers["www-authenticate"]
        assert ping.headers["www-authenticate"] == prefix
        assert "basic" not in prefix.lower()
        assert read.headers["docker-distribution-api-version"] == "registry/2.0"

    def test_both_names_of_this_machine_answer_with_their_own(self, world: Client) -> None:
        answer = world.send("GET", "/v2/", host="localhost:8000")
        claimed = world.send("GET", "/v2/", host="evil.example:8000")

        assert 'realm="http://localhost:8000/token"' in answer.headers["www-authenticate"]
        assert f'realm="http://{HOST}/token"' in claimed.headers["www-authenticate"]

    def test_private_and_absent_are_the_same_to_the_last_byte(self, world: Client) -> None:
        private = world.send("GET", "/v2/acme/private/tags/list")
        absent = world.send("GET", "/v2/acme/pirvate/tags/list")

        def neutral(text: str) -> str:
            return text.replace("pirvate", "private")

        assert private.content == absent.content
        assert {k: neutral(v) for k, v in absent.headers.items()} == dict(private.headers)


class TestWithAnAnonymousToken:
    def ask(self, world: Client, name: str, path: str) -> int:
        token = world.token(None, f"repository:{name}:pull")
        return world.send("GET", path.format(name=name), headers=bearer(token)).status_code

    def test_what_is_public_can_be_read(self, world: Client) -> None:
        assert self.ask(world, "acme/public", READS[0]) == 200
        assert self.ask(world, "acme/public", READS[1]) == 200
        assert world.send("GET", "/v2/", headers=bearer(world.token(None))).status_code == 200

    @pytest.mark.parametrize("name", ["acme/private", "acme/absent"])
    def test_the_rest_is_a_challenge(self, world: Client, name: str) -> None:
        assert {self.ask(world, name, path) for path in READS} == {401}

    @pytest.mark.parametrize("name", ["acme/public", "acme/private", "acme/absent"])
    def test_every_write_is_a_challenge(self, world: Client, name: str) -> None:
        answers = [
            world(method, path.format(name=name), who=None, content=b"{}")
            for method, path in WRITES
        ]

        assert {answer.status_code for answer in answers} == {401}

    def test_an_unknown_manifest_of_something_public_is_unknown(self, world: Client) -> None:
        answer = world("GET", "/v2/acme/public/manifests/9.9.9", who=None)

        assert (answer.status_code, code_of(answer)) == (404, "MANIFEST_UNKNOWN")


class TestSignedIn:
    @pytest.mark.parametrize("name", ["acme/private", "acme/absent", "none/absent"])
    def test_who_may_not_read_hears_of_nothing(self, world: Client, name: str) -> None:
        answers = [world("GET", path.format(name=name), who="mallory") for path in READS]
        answers += [
            world(method, path.format(name=name), who="mallory", content=image().manifest)
            for method, path in WRITES
        ]

        assert {(each.status_code, code_of(each)) for each in answers} == {(404, "NAME_UNKNOWN")}

    def test_who_may_only_read_is_denied_every_write(self, world: Client) -> None:
        answers = [
            world(
                method,
                path.format(name="acme/public"),
                who="mallory",
                content=image().manifest,
                headers={"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
            )
            for method, path in WRITES
        ]

        assert {(each.status_code, code_of(each)) for each in answers} == {(403, "DENIED")}

    def test_a_member_reads_and_writes(self, world: Client) -> None:
        assert world("GET", READS[0].format(name="acme/private"), who="bob").status_code == 200
        assert world.push_blob("acme/private", b"x", who="bob").status_code == 201

    @pytest.mark.parametrize(
        ("scope", "status"),
        [
            ("", 401),
            ("repository:acme/public:pull", 401),
            ("repository:acme/private:push", 401),
            ("repository:acme/private:pull", 200),
            ("repository:acme/private:*", 200),
        ],
    )
    def test_a_token_is_for_what_it_was_asked_for(
        self, world: Client, scope: str, status: int
    ) -> None:
        token = world.token("alice", scope)

        answer = world.send("GET", "/v2/acme/private/tags/list", headers=bearer(token))

        assert answer.status_code == status


class TestRightsThatAreTakenAway:
    def test_a_revoked_access_token_ends_the_tokens_made_of_it(self, world: Client) -> None:
        token = world.token("bob", "repository:acme/private:pull,push")
        path = "/v2/acme/private/tags/list"
        before = world.send("GET", path, headers=bearer(token)).status_code
        AccessToken.objects.filter(user__username="bob").update(revoked="2026-01-01T00:00:00Z")

        read = world.send("GET", path, headers=bearer(token))
        written = world.send("POST", "/v2/acme/private/blobs/uploads/", headers=bearer(token))

        assert before == 200
        assert (read.status_code, written.status_code) == (401, 401)

    def test_an_expired_access_token_ends_them_too(self, world: Client) -> None:
        token = world.token("bob", "repository:acme/private:pull")
        AccessToken.objects.filter(user__username="bob").update(expires="2026-01-01T00:00:00Z")

        answer = world.send("GET", "/v2/acme/private/tags/list", headers=bearer(token))

        assert answer.status_code == 401

    def test_a_closed_account_ends_them_too(self, world: Client) -> None:
        token = world.token("bob", "repository:acme/private:pull")
        User.objects.filter(username="bob").update(is_active=False)

        answer = world.send("GET", "/v2/acme/private/tags/list", headers=bearer(token))

        assert answer.status_code == 401

    def test_a_member_who_left_is_a_stranger_at_once(self, world: Client) -> None:
        token = world.token("bob", "repository:acme/private:pull,push")
        Membership.objects.filter(user__username="bob").delete()

        read = world.send("GET", "/v2/acme/private/tags/list", headers=bearer(token))
        written = world.send("POST", "/v2/acme/private/blobs/uploads/", headers=bearer(token))

        assert (read.status_code, written.status_code) == (404, 404)


def test_what_is_no_token_is_a_challenge(world: Client) -> None:
    wrong = ["Bearer", "Bearer x", "Bearer a.b.c", "Bearer " + "e" * 5000, "Digest x", "x", "basic"]

    answers = [
        world.send("GET", path, headers={"Authorization": header})
        for path in ("/v2/", "/v2/acme/public/tags/list")
        for header in wrong
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert all(answer.headers["www-authenticate"].startswith("Bearer ") for answer in answers)


def test_access_tokens_and_cookies_do_not_open_v2(world: Client) -> None:
    browser = Browser()
    browser.force_login(
        User.objects.get(username="alice"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    cookie = {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    secret = world.secrets["alice"]

    answers = [
        world.send("GET", "/v2/acme/private/tags/list", headers=headers)
        for headers in (cookie, bearer(secret), basic("alice", secret))
    ]

    assert {answer.status_code for answer in answers} == {401}


class TestOddPaths:
    PATHS = [
        "/v2/acme/private/tags/list/",
        "/v2/acme//private/tags/list",
        "/v2//acme/private/tags/list",
        "/v2/acme/../acme/private/tags/list",
        "/v2/acme/private/../private/tags/list",
        "/v2/acme/./private/tags/list",
        "/v2/ACME/private/tags/list",
        "/v2/acme/Private/tags/list",
        "/v2/acme/private;x/tags/list",
        "/v2/acme/private /tags/list",
        "/v2/acme/private\x00/tags/list",
        '/v2/acme/private"\r\nX-Evil: 1/tags/list',
        "/v2/private/tags/list",
        "/v2/acme/private/deep/tags/list",
        "/v2/acme/private/tags/LIST",
        "/v2/acme/private",
        "/v2/x",
    ]

    def test_are_never_another_way_in(self, world: Client) -> None:
        """The paths are as a server gives them: percent-decoded."""
        token = world.token("alice", "repository:acme/private:pull")

        strangers = {path: walk(path) for path in self.PATHS}
        members = {path: walk(path, token)[0] for path in self.PATHS}

        assert {path: status for path, (status, _) in strangers.items() if status != 401} == {}
        assert {path: code for path, code in members.items() if code not in {400, 404}} == {}
        sent = [value for _, headers in strangers.values() for value in headers.values()]
        assert not re.search(rb"[\r\n]", b"".join(sent))

    def test_break_the_naming_rule_aloud_for_somebody_signed_in(self, world: Client) -> None:
        answer = world("GET", "/v2/acme/UPPER/tags/list")

        assert (answer.status_code, code_of(answer)) == (400, "NAME_INVALID")
        assert "lower-case" in answer.json()["errors"][0]["message"]

    def test_an_escaped_slash_is_a_slash(self, world: Client) -> None:
        assert world.send("GET", "/v2/acme%2fprivate/tags/list").status_code == 401
        token = world.token("alice", "repository:acme/private:pull")
        answer = world.send("GET", "/v2/acme%2fprivate/tags/list", headers=bearer(token))
        assert answer.status_code == 200


def walk(path: str, token: str = "") -> tuple[int, dict[bytes, bytes]]:
    """Send a GET whose path no client library has tidied up."""
    empty = {"type": "http.request", "body": b"", "more_body": False}
    start, *_ = exchange("GET", path, [empty], token=token)
    return start["status"], dict(start["headers"])
