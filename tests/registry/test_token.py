"""The token endpoint, and tokens that are not ours."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm
from pytest_django import Settings

from accounts.models import AccessToken
from accounts.services import create_access_token
from catalog.models import Verdict
from registry import bearer
from registry.keys import keyring
from tests.registry.driving import (
    DATABASE,
    HOST,
    Client,
    actor,
    basic,
    code_of,
    image,
    judge,
    publish,
)

pytestmark = DATABASE

ORIGIN = f"http://{HOST}"


@pytest.fixture
def world(registry: Client) -> Client:
    """Fill the registry: acme/public and acme/private, each with a release that passed."""
    for name in ("acme/public", "acme/private"):
        packed = image(title=name)
        registry.push(name, "1.0.0", packed)
        judge(packed, Verdict.PASSED)
    publish("acme/public")
    return registry


def granted(answer: Any) -> dict[str, list[str]]:
    claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    return {each["name"]: each["actions"] for each in claims["access"]}


class TestWhatIsGranted:
    @pytest.mark.parametrize(
        ("who", "expected"),
        [
            (None, {"acme/public": ["pull"]}),
            ("mallory", {"acme/public": ["pull"]}),
            (
                "bob",
                {
                    "acme/public": ["pull", "push"],
                    "acme/private": ["pull", "push"],
                    "acme/absent": ["pull", "push"],
                },
            ),
        ],
    )
    def test_is_the_part_of_what_is_asked_that_the_actor_may_have(
        self, world: Client, who: str | None, expected: dict[str, list[str]]
    ) -> None:
        scopes = [f"repository:acme/{name}:pull,push" for name in ("public", "private", "absent")]

        repeated = world.token_answer(who, *scopes)
        joined = world.token_answer(who, " ".join(scopes))

        assert (repeated.status_code, joined.status_code) == (200, 200)
        assert granted(repeated) == granted(joined) == expected

    def test_is_no_more_than_the_access_token_carries(self, world: Client) -> None:
        _, secret = create_access_token(actor=actor("bob"), name="pull", scopes=["pull"])
        world.secrets["bob"] = secret

        answer = world.token_answer("bob", "repository:acme/private:pull,push")
        write = world("POST", "/v2/acme/private/blobs/uploads/", who="bob")

        assert granted(answer) == {"acme/private": ["pull"]}
        assert (write.status_code, code_of(write)) == (403, "DENIED")

    def test_is_nothing_for_a_scope_that_is_none_of_ours(self, world: Client) -> None:
        scopes = ["", "x", ":::", "registry:catalog:*", "repository:acme/private"]
        scopes += [
            f"repository:{rest}"
            for rest in (
                "ACME/private:pull",
                "host:5000/acme/private:pull",
                "acme/private:fly",
                "acme/pri\x00vate:pull",
            )
        ]

        answers = [world.token_answer("alice", scope) for scope in scopes]

        assert {answer.status_code for answer in answers} == {200}
        assert [granted(answer) for answer in answers] == [{}] * len(scopes)

    def test_a_class_and_a_star_are_understood(self, world: Client) -> None:
        answer = world.token_answer("alice", "repository(plugin):acme/private:*")

        assert granted(answer) == {"acme/private": ["delete", "pull", "push"]}


class TestTheAnswer:
    def test_has_what_every_client_looks_for(self, world: Client) -> None:
        answer = world.token_answer("alice", "repository:acme/private:pull")

        body = answer.json()
        assert body["token"] == body["access_token"]
        assert body["expires_in"] == 300
        assert body["issued_at"].endswith("Z")
        assert "refresh_token" not in body
        assert answer.headers["cache-control"] == "private, no-store"

    def test_is_the_same_for_an_access_token_without_its_owners_name(self, world: Client) -> None:
        secret = {"Authorization": f"Bearer {world.secrets['bob']}"}
        path = "/token?scope=repository:acme/private:pull"

        assert granted(world.send("GET", path, headers=secret)) == {"acme/private": ["pull"]}

    def test_is_a_token_that_says_who_for_whom_and_until_when(self, world: Client) -> None:
        token = world.token("alice", "repository:acme/private:pull,push")

        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
        alice = AccessToken.objects.get(user__username="alice")
        assert header == {"alg": "ES256", "typ": "JWT", "kid": "1"}
        assert claims["iss"] == ORIGIN
        assert claims["aud"] == HOST
        assert claims["sub"] == str(alice.user_id)
        assert claims["exp"] - claims["iat"] == 300
        assert claims["nbf"] == claims["iat"]
        assert claims["jti"]
        assert claims["access"] == [
            {"type": "repository", "name": "acme/private", "actions": ["pull", "push"]}
        ]

    def test_of_nobody_has_an_empty_subject(self, world: Client) -> None:
        claims = jwt.decode(world.token(None), options={"verify_signature": False})

        assert claims["sub"] == ""

    def test_never_takes_the_audience_from_the_client(self, world: Client) -> None:
        answer = world.send("GET", "/token?service=evil.example&scope=x")

        claims = jwt.decode(answer.json()["token"], options={"verify_signature": False})
        assert claims["aud"] == HOST

    def test_stays_small_however_much_is_asked(self, world: Client) -> None:
        scopes = [f"repository:acme/name-{n}:pull,push" for n in range(500)]

        token = world.token("alice", *scopes)

        assert len(token) < 8000


class TestWrongCredentials:
    def test_are_refused(self, world: Client) -> None:
        alice, bob = world.secrets["alice"], world.secrets["bob"]
        password = "x" * 12
        pairs = [("alice", "wrong"), ("alice", ""), ("", ""), ("alice", password)]
        pairs += [("alice", bob), ("acme", alice), ("", alice), ("alice\x00", alice)]

        answers = [world.send("GET", "/token", headers=basic(*pair)) for pair in pairs]

        assert {(each.status_code, code_of(each)) for each in answers} == {(401, "UNAUTHORIZED")}
        challenges = {each.headers["www-authenticate"] for each in answers}
        assert challenges == {f'Bearer realm="{ORIGIN}/token",service="{HOST}"'}

    def test_that_cannot_be_read_are_refused(self, world: Client) -> None:
        wrong = ["Basic", "Basic !!!", "Basic /w==", "Bearer x", "x"]

        answers = [world.send("GET", "/token", headers={"Authorization": each}) for each in wrong]

        assert {answer.status_code for answer in answers} == {401}

    @pytest.mark.parametrize("field", ["revoked", "expires"])
    def test_include_those_that_are_over(self, world: Client, field: str) -> None:
        AccessToken.objects.filter(user__username="alice").update(**{field: "2026-01-01T00:00:00Z"})

        assert world.token_answer("alice").status_code == 401

    def test_do_not_include_a_name_in_capitals(self, world: Client) -> None:
        answer = world.send("GET", "/token", headers=basic("Alice", world.secrets["alice"]))

        assert answer.status_code == 200


class TestPost:
    FORM = {"Content-Type": "application/x-www-form-urlencoded"}

    def post(self, world: Client, form: str, **headers: str) -> Any:
        return world.send("POST", "/token", headers=self.FORM | headers, content=form.encode())

    def test_takes_an_access_token_as_the_password(self, world: Client) -> None:
        scope = "repository:acme/private:pull+repository:acme/public:pull"
        form = f"grant_type=password&username=bob&password={world.secrets['bob']}&scope={scope}"

        answer = self.post(world, form + "&client_id=test&access_type=offline")

        assert answer.status_code == 200
        assert granted(answer) == {"acme/private": ["pull"], "acme/public": ["pull"]}
        assert answer.json()["scope"] == scope.replace("+", " ")

    def test_takes_basic_credentials_and_none(self, world: Client) -> None:
        form = "scope=repository:acme/private:pull"

        mine = self.post(world, form, **basic("bob", world.secrets["bob"]))
        anybodys = self.post(world, form)

        assert granted(mine) == {"acme/private": ["pull"]}
        assert granted(anybodys) == {}

    def test_refuses_wrong_credentials(self, world: Client) -> None:
        answer = self.post(world, "grant_type=password&username=alice&password=wrong")

        assert answer.status_code == 401

    @pytest.mark.parametrize(
        "form", ["grant_type=authorization_code", "grant_type=x", "\xff", "a&" * 200]
    )
    def test_refuses_other_grants_without_a_405(self, world: Client, form: str) -> None:
        answer = world.send("POST", "/token", headers=self.FORM, content=form.encode("latin-1"))

        assert answer.status_code in {200, 400}
        if "grant_type" in form:
            assert answer.status_code == 400

    def test_refuses_an_endless_form(self, world: Client) -> None:
        assert self.post(world, "scope=" + "x" * 70_000).status_code == 413


def forged(name: str = "", value: Any = None) -> str:
    """Sign claims with our own key; the named one has another value, or is missing."""
    key = keyring.signing_key()
    good = bearer.issue(bearer.Claims(), granted={}, origin=ORIGIN)
    claims = jwt.decode(good, options={"verify_signature": False})
    claims.pop(name, None)
    claims |= {} if value is None else {name: value}
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.kid})


def stranger_token(algorithm: str = "ES256", key: Any = None, **header: Any) -> str:
    """Sign good claims with a stranger's key."""
    good = bearer.issue(bearer.Claims(), granted={}, origin=ORIGIN)
    claims = jwt.decode(good, options={"verify_signature": False})
    key = ec.generate_private_key(ec.SECP256R1()) if key is None else key
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "1", **header})


@pytest.mark.usefixtures("registry")
class TestForgedTokens:
    def refused(self, registry: Client, token: str) -> bool:
        answer = registry.send("GET", "/v2/", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code == 401

    def test_begin_with_one_that_is_right(self, registry: Client) -> None:
        assert not self.refused(registry, forged())

    def test_with_claims_that_are_not_for_now_or_not_for_us(self, registry: Client) -> None:
        changes: list[tuple[str, Any]] = [
            ("exp", 1),
            ("exp", time.time() - 10),
            ("nbf", time.time() + 100),
            ("aud", "evil.example"),
            ("iss", "http://evil.example"),
            ("aud", None),
            ("exp", None),
            ("jti", None),
            ("sub", 7),
            ("asked", None),
        ]

        refused = [self.refused(registry, forged(name, value)) for name, value in changes]

        assert refused == [True] * len(changes)

    def test_signed_by_a_key_of_the_tokens_own(self, registry: Client) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)

        for header in ({"jwk": jwk}, {"x5c": ["AAAA"]}, {"jku": "http://127.0.0.1:1/keys"}):
            assert self.refused(registry, stranger_token(key=key, **header))

    def test_signed_with_another_algorithm(self, registry: Client) -> None:
        public = keyring.signing_key().private.public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

        assert self.refused(registry, stranger_token("HS256", key=point))
        assert self.refused(registry, stranger_token("none", key=""))

    def test_that_name_a_key_we_do_not_have(self, registry: Client) -> None:
        key = keyring.signing_key().private
        kids = ["", "2", "../../secret_key", "1' OR '1'='1", "\x00"]

        refused = [self.refused(registry, stranger_token(key=key, kid=kid)) for kid in kids]

        assert refused == [True] * len(kids)

    def test_of_a_key_that_another_secret_key_locked(
        self, registry: Client, settings: Settings
    ) -> None:
        old = forged()
        settings.SECRET_KEY = "another one, as after a loss of the data folder"
        keyring.forget()

        refused = self.refused(registry, old)
        new = forged()

        assert refused
        assert jwt.get_unverified_header(new)["kid"] == "2"
        assert not self.refused(registry, new)
