"""Images of every form that people push: the hub packs beside them what proxies load."""

from __future__ import annotations

import hashlib
import json
import time
from io import BytesIO
from typing import Any

import httpx
import pytest
import yaml

from tests import filters
from tests.live import VERDICT_SECONDS, Hub, unique
from tests.wasmhub.oci.image_builder import (
    RUNTIME_CONFIG,
    VARIANT,
    Image,
    build,
    compat_oci,
    index,
    tar,
    tgz,
)
from wasmhub.oci import check_strict, extract_module, media, parse_manifest, sha256_of

MODULE = filters.hello()
PLUGIN = {"plugin.wasm": MODULE, "runtime-config.json": RUNTIME_CONFIG}
WASME: Any = {"config_type": media.WASME_CONFIG, "config": RUNTIME_CONFIG}
TITLED = {**VARIANT, "org.opencontainers.image.title": "Hello of old"}
ARCHIVE = (media.OCI_LAYER_TAR_GZIP, tgz(PLUGIN))

MENDED = {
    "image/cncf-form": build(
        [(media.WASM, MODULE)], config_type=media.CNCF_CONFIG, config=b'{"os":"wasip1"}'
    ),
    "image/one-raw-layer": build([(media.WASME_CONTENT, MODULE)], annotations=TITLED, **WASME),
    "image/extra-layer": build(
        [
            (media.WASME_CONFIG, RUNTIME_CONFIG),
            (media.WASME_CONTENT, MODULE),
            ("text/markdown", b"# Hello"),
        ],
        **WASME,
    ),
    "image/wasm-to-oci-form": build(
        [(media.WASM_TO_OCI_CONTENT, MODULE)], config_type=media.WASM_TO_OCI_CONFIG, config=b"{}"
    ),
    "image/uncompressed": build([(media.OCI_LAYER_TAR, tar(PLUGIN))], annotations=VARIANT),
    "image/layer-order": build([ARCHIVE, ("text/plain", b"read me")], annotations=VARIANT),
}


def registry(hub: Hub, path: str, who: str | None = "alice") -> httpx.Client:
    """Return a client that may do in the repository what the person may."""
    scope = {"service": hub.host, "scope": f"repository:{path}:pull,push,delete"}
    auth = (who, hub.tokens[who]) if who else None
    answer = httpx.get(f"{hub.origin}/token", params=scope, auth=auth)
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    return httpx.Client(base_url=f"{hub.origin}/v2/{path}", headers=headers, timeout=30)


def push_blobs(hub: Hub, path: str, image: Image) -> None:
    with registry(hub, path) as client:
        for digest, data in image.blobs.items():
            begun = client.post("/blobs/uploads/")
            where = begun.headers["location"]
            done = client.put(f"{hub.origin}{where}", params={"digest": str(digest)}, content=data)
            assert done.status_code == 201, done.text


def push(hub: Hub, path: str, image: Image, reference: str) -> httpx.Response:
    push_blobs(hub, path, image)
    with registry(hub, path) as client:
        kind = {"Content-Type": image.media_type}
        return client.put(f"/manifests/{reference}", content=image.manifest, headers=kind)


def released(hub: Hub, image: Image, *, public: bool = True) -> tuple[str, dict[str, Any]]:
    """Push an image as version 1.0.0 of a new extension, and wait for its verdict."""
    path = f"alice/{unique('form')}"
    assert push(hub, path, image, "1.0.0").status_code == 201
    if public:
        hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})
    return path, hub.wait_for_verdict(path, "1.0.0")


def findings(hub: Hub, path: str) -> dict[str, str]:
    listed = hub.api("GET", f"/extensions/{path}/releases/1.0.0/findings", who="alice").json()
    return {each["id"]: each["severity"] for each in listed if each["id"].startswith("image/")}


def pulled(hub: Hub, path: str, reference: str, who: str | None = None) -> httpx.Response:
    with registry(hub, path, who) as client:
        return client.get(f"/manifests/{reference}")


def pulled_later(hub: Hub, path: str, reference: str) -> httpx.Response:
    """Pull what a worker makes when nothing else is to do."""
    deadline = time.monotonic() + VERDICT_SECONDS
    while (answer := pulled(hub, path, reference)).status_code == 404:
        assert time.monotonic() < deadline, f"{path}:{reference} never comes"
        time.sleep(0.2)
    return answer


def blob(hub: Hub, path: str, digest: str) -> bytes:
    with registry(hub, path, None) as client:
        answer = client.get(f"/blobs/{digest}")
    assert answer.status_code == 200, answer.text
    return answer.content


def tags(hub: Hub, path: str) -> list[str]:
    with registry(hub, path, None) as client:
        return list(client.get("/tags/list").json()["tags"])


@pytest.mark.parametrize(
    "mistake",
    [
        "image/cncf-form",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in sorted(set(MENDED) - {"image/cncf-form"})
        ),
    ],
)
def test_what_proxies_refuse_passes_and_is_deployed_in_the_form_that_they_load(
    hub: Hub, mistake: str
) -> None:
    image = MENDED[mistake]

    path, release = released(hub, image)

    assert release["verdict"] == "passed"
    assert release["digest"] == str(image.digest)
    assert findings(hub, path) == {mistake: "error"}
    assert pulled(hub, path, "1.0.0").content == image.manifest
    canonical = pulled(hub, path, "canonical-1.0.0")
    assert canonical.status_code == 200, "made before the verdict"
    parsed = parse_manifest(canonical.content, canonical.headers["content-type"])
    assert parsed.config is not None
    layer, config = (
        blob(hub, path, str(each.digest)) for each in (parsed.layers[-1], parsed.config)
    )
    assert extract_module(BytesIO(layer), "tar+gzip", 1 << 20).data == MODULE
    broken = check_strict(canonical.content, config, BytesIO(layer))
    assert [each.message for each in broken if each.severity == "error"] == []
    digest = canonical.headers["docker-content-digest"]
    assert digest != release["digest"]
    manifest = hub.api("GET", f"/extensions/{path}/releases/1.0.0/manifests/istio-wasmplugin")
    spec = yaml.safe_load(manifest.text)["spec"]
    assert spec["sha256"] == digest.removeprefix("sha256:")
    # Istio compares the digest with what the address names.
    assert spec["url"] == f"oci://{hub.host}/{path}:canonical-1.0.0"
    said = hub.api("GET", f"/extensions/{path}/releases/1.0.0/packaging").json()
    assert said["pinned"] == digest
    assert {"form": "canonical", "tag": "canonical-1.0.0", "digest": digest} in said["forms"]
    assert {each["name"]: each["loads"] for each in said["loaders"]}["istio"] is False


def test_what_proxies_load_is_deployed_as_it_was_pushed(hub: Hub) -> None:
    image = compat_oci(tgz(PLUGIN))

    path, release = released(hub, image)

    manifest = hub.api("GET", f"/extensions/{path}/releases/1.0.0/manifests/istio-wasmplugin")
    assert yaml.safe_load(manifest.text)["spec"]["sha256"] == image.digest.hex
    assert findings(hub, path) == {}
    cncf = pulled_later(hub, path, "cncf-1.0.0")
    (layer,) = cncf.json()["layers"]
    assert layer["mediaType"] == media.WASM
    assert layer["digest"] == f"sha256:{release['module_sha256']}"
    assert blob(hub, path, layer["digest"]) == MODULE
    assert cncf.json()["annotations"]["dev.wasmhub.converted-from"] == release["digest"]
    # It is canonical itself.
    assert pulled(hub, path, "canonical-1.0.0").content == image.manifest
    assert tags(hub, path) == ["1.0.0", "cncf-1.0.0"]


def test_what_wasme_said_of_the_module_is_kept(hub: Hub) -> None:
    path, _ = released(hub, MENDED["image/one-raw-layer"])

    facts = hub.api("GET", f"/extensions/{path}/releases/1.0.0/facts").json()
    page = hub.api("GET", f"/extensions/{path}").json()

    assert facts["root_ids"] == ["jwt"]
    assert page["title"] == "Hello of old"
    parsed = pulled(hub, path, "canonical-1.0.0").json()
    assert parsed["annotations"]["org.opencontainers.image.title"] == "Hello of old"
    layer = blob(hub, path, parsed["layers"][0]["digest"])
    assert extract_module(BytesIO(layer), "tar+gzip", 1 << 20).runtime_config == RUNTIME_CONFIG


HIGRESS_SPEC = b"""
info: {category: auth, name: jwt, title: JWT for all, description: Checks tokens.}
spec: {configSchema: {openAPIV3Schema: {type: object, properties: {issuer: {type: string}}}}}
"""


def test_what_higress_s_layers_say_fills_the_page(hub: Hub) -> None:
    image = build(
        [
            (media.HIGRESS_SPEC, HIGRESS_SPEC),
            ("application/vnd.module.wasm.doc.v1+markdown", b"# Wie es geht"),
            ("application/vnd.module.wasm.doc.v1.en+markdown", b"# How it goes"),
            ARCHIVE,
        ],
        config_type="application/vnd.oci.empty.v1+json",
        config=b"{}",
    )

    path, release = released(hub, image)

    assert release["verdict"] == "passed"
    page = hub.api("GET", f"/extensions/{path}").json()
    assert (page["title"], page["description"]) == ("JWT for all", "Checks tokens.")
    assert (page["category"], page["readme"]) == ("auth", "# How it goes")
    said = hub.api("GET", f"/extensions/{path}/releases/1.0.0/packaging").json()
    assert (said["letter"], said["pinned"]) == ("E", str(image.digest))


@pytest.mark.slow
def test_an_index_is_deployed_by_what_its_child_is_packed_into(hub: Hub) -> None:
    child = MENDED["image/uncompressed"]
    path = f"alice/{unique('form')}"
    assert push(hub, path, child, str(child.digest)).status_code == 201
    whole = index((child, "linux/amd64"))
    whole.blobs = {}
    assert push(hub, path, whole, "1.0.0").status_code == 201

    release = hub.wait_for_verdict(path, "1.0.0")

    assert release["verdict"] == "passed"
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})
    digest = pulled(hub, path, "canonical-1.0.0").headers["docker-content-digest"]
    manifest = hub.api("GET", f"/extensions/{path}/releases/1.0.0/manifests/istio-wasmplugin")
    assert yaml.safe_load(manifest.text)["spec"]["sha256"] == digest.removeprefix("sha256:")


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"\0asm\x01\0\0\0", b"no module"])
def test_a_module_that_fails_is_not_packed_anew(hub: Hub, content: bytes) -> None:
    image = build([(media.WASM, content)], config_type=media.CNCF_CONFIG, config=b"{}")

    path, release = released(hub, image)

    assert release["verdict"] == "failed"
    assert pulled(hub, path, "canonical-1.0.0", "alice").status_code == 404
    assert pulled(hub, path, "cncf-1.0.0", "alice").status_code == 404


@pytest.mark.slow
def test_an_index_of_an_index_fails(hub: Hub) -> None:
    path = f"alice/{unique('form')}"
    image = compat_oci(tgz(PLUGIN))
    inner = index((image, "linux/amd64"))
    outer = index((inner, "linux/amd64"))
    inner.blobs = outer.blobs = {}
    assert push(hub, path, image, str(image.digest)).status_code == 201
    assert push(hub, path, inner, str(inner.digest)).status_code == 201
    assert push(hub, path, outer, "1.0.0").status_code == 201

    assert hub.wait_for_verdict(path, "1.0.0")["verdict"] == "failed"
    assert findings(hub, path) == {"image/index-without-child": "error"}


@pytest.mark.slow
def test_a_form_that_the_namespace_has_no_room_for_fails(hub: Hub) -> None:
    path = f"acme/{unique('full')}"
    module = filters.with_custom_section(MODULE, "pad", path.encode())
    image = build([(media.OCI_LAYER_TAR, tar({"plugin.wasm": module}))], annotations=VARIANT)
    used = "from registry.selectors import namespace_bytes; print(namespace_bytes('acme'))"
    push_blobs(hub, path, image)
    limit = {"quota_bytes": int(hub.manage("shell", "--no-imports", "-c", used)) + 1}
    try:
        assert hub.api("PATCH", "/orgs/acme/rules", who="alice", json=limit).status_code == 200
        assert push(hub, path, image, "1.0.0").status_code == 201
        release = hub.wait_for_verdict(path, "1.0.0")
    finally:
        hub.api("PATCH", "/orgs/acme/rules", who="alice", json={"quota_bytes": None})

    assert release["verdict"] == "failed"
    findings = hub.api("GET", f"/extensions/{path}/releases/1.0.0/findings", who="alice").json()
    assert [each["id"] for each in findings] == ["hub/quota-exceeded"]


@pytest.mark.slow
class TestRights:
    @pytest.mark.parametrize("tag", ["canonical-1.0.0", "cncf-1.0.0", "canonical-9.9.9"])
    def test_nobody_pushes_to_a_form_s_tag(self, hub: Hub, tag: str) -> None:
        path, _ = released(hub, MENDED["image/uncompressed"])
        before = pulled(hub, path, "canonical-1.0.0").content

        answer = push(hub, path, compat_oci(tgz(PLUGIN)), tag)

        assert answer.status_code == 403
        assert answer.json()["errors"][0]["code"] == "DENIED"
        assert pulled(hub, path, "canonical-1.0.0").content == before

    def test_a_form_is_as_private_as_its_original(self, hub: Hub) -> None:
        path, release = released(hub, MENDED["image/uncompressed"], public=False)
        digest = pulled(hub, path, "canonical-1.0.0", "alice").headers["docker-content-digest"]

        assert release["verdict"] == "passed"
        for reference in ("canonical-1.0.0", digest):
            assert pulled(hub, path, reference, None).status_code == 401
            assert pulled(hub, path, reference, "mallory").status_code == 404

    def test_a_yanked_release_s_form_is_not_offered_and_stays_by_its_digest(self, hub: Hub) -> None:
        path, _ = released(hub, MENDED["image/uncompressed"])
        digest = pulled(hub, path, "canonical-1.0.0").headers["docker-content-digest"]
        hub.wait_until_found(path, path)
        url = f"/extensions/{path}/releases/1.0.0"
        assert hub.api("PATCH", url, who="alice", json={"yanked": "Old."}).status_code == 200
        later, _ = released(hub, MENDED["image/uncompressed"])
        hub.wait_until_found(later, later)
        time.sleep(2.1)  # decisions are remembered so long

        assert pulled(hub, path, "canonical-1.0.0").status_code == 404
        assert pulled(hub, path, digest).status_code == 200
        assert tags(hub, path) == []
        assert hub.api("GET", "/search", params={"q": path}).json()["results"] == []

    def test_a_form_goes_with_its_original_and_not_before(self, hub: Hub) -> None:
        path, release = released(hub, MENDED["image/uncompressed"], public=False)
        digest = pulled(hub, path, "canonical-1.0.0", "alice").headers["docker-content-digest"]
        with registry(hub, path) as client:
            alone = client.delete(f"/manifests/{digest}")
            assert alone.status_code == 403, alone.text
            assert release["digest"] in alone.text
            assert client.delete("/manifests/1.0.0").status_code == 202
            time.sleep(2.1)  # decisions are remembered so long
            assert client.get(f"/manifests/{digest}").status_code == 404


@pytest.mark.slow
def test_a_form_that_somebody_released_outlives_its_original(hub: Hub) -> None:
    path, _ = released(hub, MENDED["image/uncompressed"], public=False)
    form = pulled(hub, path, "canonical-1.0.0", "alice")
    kind = {"Content-Type": form.headers["content-type"]}
    with registry(hub, path) as client:
        again = client.put("/manifests/1.0.1", content=form.content, headers=kind)
        assert again.status_code == 201
        assert client.delete("/manifests/1.0.0").status_code == 202
        time.sleep(2.1)  # decisions are remembered so long
        assert client.get("/manifests/1.0.1").content == form.content
    assert hub.wait_for_verdict(path, "1.0.1")["verdict"] == "passed"


@pytest.mark.slow
def test_the_bytes_of_both_forms_are_the_module_that_was_pushed(hub: Hub) -> None:
    path, release = released(hub, MENDED["image/layer-order"])

    cncf = pulled(hub, path, "cncf-1.0.0").json()

    assert (
        hashlib.sha256(blob(hub, path, cncf["layers"][0]["digest"])).hexdigest()
        == (release["module_sha256"])
    )
    config = json.loads(blob(hub, path, cncf["config"]["digest"]))
    assert config["layerDigests"] == [str(sha256_of(MODULE))]
