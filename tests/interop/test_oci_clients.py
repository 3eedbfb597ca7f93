"""Unmodified OCI clients push and pull."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import httpx
import oras.client
import pytest

from tests import filters
from tests.live import Hub, unique
from tests.oci_clients import crane, layout, skopeo


def creds(hub: Hub, who: str) -> str:
    return f"{who}:{hub.tokens[who]}"


def test_skopeo_pushes_and_pulls_byte_for_byte(hub: Hub, tmp_path: Path) -> None:
    path, module = f"alice/{unique()}", filters.hello()
    source = layout(tmp_path, module, title="Pushed by skopeo", licenses="MIT")
    target = f"docker://{hub.host}/{path}:1.0.0"

    pushed = skopeo(
        *("copy", "--dest-tls-verify=false", "--dest-creds", creds(hub, "alice")),
        *(f"oci:{source}:it", target),
    )
    release = hub.wait_for_verdict(path, "1.0.0")
    pulled = skopeo(
        *("copy", "--src-tls-verify=false", "--src-creds", creds(hub, "alice")),
        *(target, f"oci:{tmp_path / 'pulled'}:it"),
    )

    assert pushed.returncode == 0, pushed.stderr
    assert pulled.returncode == 0, pulled.stderr
    assert release["verdict"] == "passed"
    assert release["module_sha256"] == hashlib.sha256(module).hexdigest()
    index = json.loads((tmp_path / "pulled/index.json").read_text())
    assert index["manifests"][0]["digest"] == release["digest"]
    page = hub.api("GET", f"/extensions/{path}", who="alice").json()
    assert (page["title"], page["license"]) == ("Pushed by skopeo", "MIT")


def test_skopeo_is_told_no(hub: Hub, tmp_path: Path) -> None:
    path = f"acme/{unique()}"
    source = layout(tmp_path, filters.hello())
    target = f"docker://{hub.host}/{path}:1.0.0"

    refused = [
        skopeo("copy", "--dest-tls-verify=false", "--dest-creds", who, f"oci:{source}:it", target)
        for who in (creds(hub, "mallory"), "alice:whub_wrong", f"bob:{hub.tokens['alice']}")
    ]

    assert all(each.returncode for each in refused)
    assert hub.api("GET", f"/extensions/{path}", who="alice").status_code == 404


def test_anybody_pulls_what_is_public_and_nobody_what_is_private(hub: Hub, tmp_path: Path) -> None:
    path = f"alice/{unique()}"
    hub.upload(path, "1.0.0", filters.hello(), visibility="private")
    hub.wait_for_verdict(path, "1.0.0")
    image = f"docker://{hub.host}/{path}:1.0.0"

    before = skopeo("inspect", "--tls-verify=false", "--no-creds", "--raw", image)
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})
    after = skopeo("inspect", "--tls-verify=false", "--no-creds", "--raw", image)

    assert before.returncode
    assert after.returncode == 0, after.stderr
    assert json.loads(after.stdout)["annotations"]["module.wasm.image/variant"] == "compat"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_oras_pushes_the_canonical_image(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, module = f"alice/{unique()}", filters.hello()
    source = layout(tmp_path, module)
    index = json.loads((source / "index.json").read_text())
    manifest = json.loads(blob(source, index["manifests"][0]["digest"]).read_text())
    monkeypatch.setenv("HOME", str(tmp_path))
    config, (layer,) = manifest["config"], manifest["layers"]
    client = oras.client.OrasClient(insecure=True)
    client.login(
        hostname=hub.host, username="alice", password=hub.tokens["alice"], tls_verify=False
    )

    answer = client.push(
        target=f"{hub.host}/{path}:1.0.0",
        files=[f"{blob(source, layer['digest'])}:{layer['mediaType']}"],
        manifest_config=f"{blob(source, config['digest'])}:{config['mediaType']}",
        manifest_annotations=manifest["annotations"],
        disable_path_validation=True,
    )
    release = hub.wait_for_verdict(path, "1.0.0")

    assert answer.status_code == 201
    assert release["verdict"] == "passed"
    assert release["module_sha256"] == hashlib.sha256(module).hexdigest()


def blob(source: Path, digest: str) -> Path:
    return source / "blobs" / digest.replace(":", "/")


def test_crane_pushes_lists_and_pulls(hub: Hub, tmp_path: Path) -> None:
    path = f"alice/{unique()}"
    source = layout(tmp_path, filters.hello())
    image = f"{hub.host}/{path}:1.0.0"

    login = crane(
        *("auth", "login", hub.host, "-u", "alice", "-p", hub.tokens["alice"]), home=tmp_path
    )
    pushed = crane("push", "--insecure", str(source), image, home=tmp_path)
    release = hub.wait_for_verdict(path, "1.0.0")
    listed = crane("ls", "--insecure", f"{hub.host}/{path}", home=tmp_path)
    digest = crane("digest", "--insecure", image, home=tmp_path)

    assert login.returncode == 0, login.stderr
    assert pushed.returncode == 0, pushed.stderr
    assert listed.stdout.split() == ["1.0.0"]
    assert digest.stdout.strip() == release["digest"]


def test_errors_have_the_specs_body(hub: Hub) -> None:
    for who in (None, "alice"):
        with httpx.Client(base_url=hub.origin) as client:
            if who:
                scope = "repository:alice/absent:pull"
                answer = client.get("/token", params={"scope": scope}, auth=(who, hub.tokens[who]))
                client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            error = client.get("/v2/alice/absent/manifests/1.0.0")
        expected = (404, "NAME_UNKNOWN") if who else (401, "UNAUTHORIZED")

        assert (error.status_code, error.json()["errors"][0]["code"]) == expected
