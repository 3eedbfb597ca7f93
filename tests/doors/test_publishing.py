"""Publish by REST: what a program sees, on both set-ups."""

from __future__ import annotations

import hashlib

import pytest

from tests import filters
from tests.live import Hub, unique


def test_an_upload_is_accepted_judged_and_served(hub: Hub) -> None:
    path, module = f"alice/{unique()}", filters.hello()

    accepted = hub.upload(path, "1.0.0", module, description="Says hello to everybody.")
    release = hub.wait_for_verdict(path, "1.0.0")

    assert accepted.status_code == 202
    assert accepted.json()["verdict"] == "pending"
    assert accepted.json()["digest"] is None
    assert accepted.json()["module_sha256"] is None
    assert release["verdict"] == "passed"
    assert release["digest"].startswith("sha256:")
    assert release["module_sha256"] == hashlib.sha256(module).hexdigest()
    assert release["yanked"] is None
    with hub.client("alice") as alice:
        raw = alice.get(f"/download/{path}/{release['module_sha256']}.wasm")
    assert raw.content == module
    assert raw.headers["content-type"] == "application/wasm"


def test_facts_have_the_fixed_shape(hub: Hub) -> None:
    path, module = f"alice/{unique()}", filters.hello()
    hub.upload(path, "1.0.0", module)
    hub.wait_for_verdict(path, "1.0.0")

    facts = hub.api("GET", f"/extensions/{path}/releases/1.0.0/facts", who="alice").json()

    assert facts["sha256"] == hashlib.sha256(module).hexdigest()
    assert facts["size"] == len(module)
    assert facts["kind"] == "module"
    assert facts["abi"] == "0.2.1"
    assert facts["contexts"] == ["http"]
    assert {"name": "memory", "kind": "memory"}.items() <= next(
        each for each in facts["exports"] if each["name"] == "memory"
    ).items()
    assert all(each["module"] and each["type"] for each in facts["imports"])


@pytest.mark.parametrize(
    ("module", "finding", "says"),
    [
        (filters.TEXT, "wasm/not-wasm", "text"),
        (filters.COMPONENT, "wasm/component", "omponent"),
        (filters.without_marker(), "proxywasm/no-abi-marker", "proxy_abi_version"),
        (None, "wasm/truncated", "cut off"),
    ],
)
def test_what_no_proxy_could_load_fails_with_the_reason(
    hub: Hub, module: bytes | None, finding: str, says: str
) -> None:
    path = f"alice/{unique()}"

    hub.upload(path, "1.0.0", filters.truncated() if module is None else module)
    release = hub.wait_for_verdict(path, "1.0.0")
    findings = hub.api("GET", f"/extensions/{path}/releases/1.0.0/findings", who="alice").json()

    assert release["verdict"] == "failed"
    error = next(each for each in findings if each["id"] == finding)
    assert error["severity"] == "error"
    assert says in error["message"]
    assert error["help"] == f"/docs/findings/{finding}"
    with hub.client() as anybody:
        assert anybody.get(error["help"]).status_code == 200


def test_a_release_never_changes_and_the_same_bytes_are_the_same_release(hub: Hub) -> None:
    path, module = f"alice/{unique()}", filters.hello()
    hub.upload(path, "1.0.0", module)
    first = hub.wait_for_verdict(path, "1.0.0")

    again = hub.upload(path, "v1.0.0", module)
    other = hub.upload(path, "1.0.0", filters.hello())

    assert again.status_code == 202
    assert again.json()["digest"] == first["digest"]
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert other.json()["code"] == "version-exists"
    assert hub.wait_for_verdict(path, "1.0.0") == first


def test_a_release_that_failed_may_be_replaced(hub: Hub) -> None:
    path = f"alice/{unique()}"
    hub.upload(path, "1.0.0", filters.TEXT)
    hub.wait_for_verdict(path, "1.0.0")

    hub.upload(path, "1.0.0", filters.hello())
    release = hub.wait_for_verdict(path, "1.0.0")

    assert release["verdict"] == "passed"


@pytest.mark.parametrize(
    ("name", "version", "status", "rule"),
    [
        ("UPPER", "1.0.0", 400, "lower-case"),
        ("a..b", "1.0.0", 400, "lower-case"),
        ("x.svg", "1.0.0", 400, ".svg"),
        ("y" * 101, "1.0.0", 400, "100"),
        ("fine", "latest", 400, "X.Y.Z"),
        ("fine", "1.0", 400, "X.Y.Z"),
    ],
)
def test_a_name_or_version_outside_the_grammar_is_refused_with_the_rule(
    hub: Hub, name: str, version: str, status: int, rule: str
) -> None:
    answer = hub.upload(f"alice/{name}", version, filters.hello())

    assert answer.status_code == status
    assert rule in answer.text
    assert hub.api("GET", f"/extensions/alice/{name}", who="alice").status_code == 404


def test_an_empty_file_and_a_missing_one_are_refused(hub: Hub) -> None:
    path = f"alice/{unique()}"

    empty = hub.upload(path, "1.0.0", b"")
    missing = hub.api(
        "POST",
        f"/extensions/{path}/releases",
        who="alice",
        data={"version": "1.0.0"},
        files={"other": ("x", b"x")},
    )

    assert empty.status_code == 400
    assert "empty" in empty.text
    assert missing.status_code == 400
    assert "module" in missing.json()["fields"]
    assert hub.api("GET", f"/extensions/{path}", who="alice").status_code == 404


def test_an_edit_shows_and_an_unknown_field_is_refused(hub: Hub) -> None:
    path = f"alice/{unique()}"
    hub.upload(path, "1.0.0", filters.hello())
    hub.wait_for_verdict(path, "1.0.0")

    edited = hub.api(
        "PATCH",
        f"/extensions/{path}",
        who="alice",
        json={"visibility": "public", "license": "MIT", "source_url": "https://example.com/x"},
    )
    slip = hub.api("PATCH", f"/extensions/{path}", who="alice", json={"licence": "MIT"})
    script = hub.api(
        "PATCH", f"/extensions/{path}", who="alice", json={"source_url": "javascript:alert(1)"}
    )
    hidden = hub.api(
        "PATCH", f"/extensions/{path}", who="alice", json={"title": "safe \u202ecod.exe"}
    )
    seen = hub.api("GET", f"/extensions/{path}").json()

    assert edited.status_code == 200
    assert (hidden.status_code, seen["title"]) == (400, path.partition("/")[2])
    assert "U+202E" in hidden.json()["fields"]["title"][0]
    assert (seen["visibility"], seen["license"]) == ("public", "MIT")
    assert slip.status_code == 400
    assert "licence" in slip.json()["fields"]
    assert script.status_code == 400
    assert seen["source_url"] == "https://example.com/x"
