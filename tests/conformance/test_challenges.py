"""
Challenges and the tokens that answer them, as suites and clients read them.

Reference: registry.md, "Framing traps and suite behaviours".
"""

from __future__ import annotations

import re

import pytest

from tests.conformance.wire import digest_of, send, token_answer, token_of
from tests.live import Hub, unique
from tests.registry.driving import code_of

ASKED = [
    ("GET", "manifests/1.0.0", "pull"),
    ("HEAD", "manifests/1.0.0", "pull"),
    ("GET", "blobs/{digest}", "pull"),
    ("HEAD", "blobs/{digest}", "pull"),
    ("GET", "tags/list", "pull"),
    ("GET", "referrers/{digest}", "pull"),
    ("POST", "blobs/uploads/", "push"),
    ("PATCH", "blobs/uploads/6f1c0d5e-5d0c-4d0e-9a44-0c6b8f6a3f10", "push"),
    ("PUT", "blobs/uploads/6f1c0d5e-5d0c-4d0e-9a44-0c6b8f6a3f10?digest={digest}", "push"),
    ("PUT", "manifests/1.0.0", "push"),
    ("DELETE", "manifests/1.0.0", "delete"),
    ("DELETE", "blobs/{digest}", "delete"),
]


class TestAChallenge:
    PARAMETER = r'[a-z]+="[^"]*"'

    @pytest.mark.parametrize(("method", "target", "action"), [("GET", "/v2/", None), *ASKED])
    def test_is_one_header_that_only_speaks_of_bearer(
        self, hub: Hub, method: str, target: str, action: str | None
    ) -> None:
        path = target if target.startswith("/") else f"/v2/alice/x/{target}"

        answer = send(hub, method, path.format(digest=digest_of(b"")))

        assert answer.status_code == 401
        (challenge,) = answer.headers.get_list("www-authenticate")
        assert re.fullmatch(rf"Bearer {self.PARAMETER}(,{self.PARAMETER})*", challenge)
        # As the suite looks for the scheme: the last of the two words counts.
        found = re.match(r".*(bearer|basic).*", challenge.lower())
        assert found is not None
        assert found[1] == "bearer"
        assert method == "HEAD" or code_of(answer) == "UNAUTHORIZED"

    @pytest.mark.parametrize(("method", "target", "action"), ASKED)
    def test_asks_for_the_scope_that_lets_this_request_in(
        self, hub: Hub, method: str, target: str, action: str
    ) -> None:
        path = f"alice/{unique('wire')}"
        url = f"/v2/{path}/{target}".format(digest=digest_of(b""))

        refused = send(hub, method, url)
        scope = refused.headers["www-authenticate"].partition('scope="')[2].rstrip('"')
        let_in = send(hub, method, url, token=token_of(hub, "alice", scope))

        assert scope.startswith(f"repository:{path}:")
        assert action in scope.rpartition(":")[2].split(",")
        assert let_in.status_code != 401


@pytest.mark.parametrize(
    ("asked", "status"), [("pull", 401), ("pull,push", 401), ("delete", 404), ("*", 404)]
)
def test_delete_has_a_key_of_its_own(hub: Hub, asked: str, status: int) -> None:
    path = f"alice/{unique('wire')}"
    token = token_of(hub, "alice", f"repository:{path}:{asked}")

    answer = send(hub, "DELETE", f"/v2/{path}/manifests/1.0.0", token=token)

    assert answer.status_code == status


@pytest.mark.parametrize("joined", [True, False])
def test_several_scopes_may_come_in_one_value_or_in_many(hub: Hub, joined: bool) -> None:
    paths = [f"alice/{unique('wire')}" for _ in range(3)]
    scopes = [f"repository:{path}:pull,push" for path in paths]

    answer = token_answer(hub, "alice", *([" ".join(scopes)] if joined else scopes))
    token = answer.json()["token"]
    begun = [send(hub, "POST", f"/v2/{path}/blobs/uploads/", token=token) for path in paths]

    assert answer.status_code == 200
    assert answer.json()["token"] == answer.json()["access_token"]
    assert [each.status_code for each in begun] == [202] * 3
