"""The archive for machines without a network, read by skopeo."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests import filters
from tests.doors.test_forms import MENDED, PLUGIN, pulled, pulled_later, released
from tests.live import Hub
from tests.oci_clients import skopeo
from tests.wasmhub.oci.image_builder import Image, build, compat_oci, tgz
from wasmhub.oci import media, sha256_of

pytestmark = pytest.mark.slow

DOCKER = build(
    [(media.DOCKER_LAYER_TAR_GZIP, tgz({"plugin.wasm": filters.hello()}))],
    config_type=media.DOCKER_CONFIG,
    media_type=media.DOCKER_MANIFEST,
)


@pytest.mark.parametrize(
    "image",
    [compat_oci(tgz(PLUGIN)), MENDED["image/cncf-form"], DOCKER],
    ids=["canonical", "cncf", "docker"],
)
def test_skopeo_carries_the_image_on_with_its_digest(
    hub: Hub, image: Image, tmp_path: Path
) -> None:
    path, release = released(hub, image)
    if image is DOCKER:
        assert pulled_later(hub, path, "canonical-1.0.0").status_code == 200
    answer = httpx.get(f"{hub.origin}/download/{path}/{release['digest'][7:]}.tar")
    assert answer.status_code == 200, answer.text
    (tmp_path / "image.tar").write_bytes(answer.content)

    source, there = f"oci-archive:{tmp_path}/image.tar:1.0.0", tmp_path / "there"
    done = skopeo("copy", "--preserve-digests", source, f"dir:{there}")

    assert done.returncode == 0, done.stderr
    wanted = release["digest"]
    if image is DOCKER:  # a layout cannot hold it: the same module in the canonical form
        wanted = pulled(hub, path, "canonical-1.0.0").headers["docker-content-digest"]
    assert str(sha256_of((there / "manifest.json").read_bytes())) == wanted
