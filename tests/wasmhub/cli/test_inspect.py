"""`wasmhub inspect`: files, archives and folders, the whole answer and the short ones."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wasmhub.cli.conftest import EXAMPLES, Command
from tests.wasmhub.oci.image_builder import (
    Image,
    build,
    compat_oci,
    index,
    tar,
    tgz,
)
from tests.wasmhub.wasm_builder import Export, Import, wasm_module
from wasmhub.cli.errors import UsageError
from wasmhub.cli.files import ArchiveFiles
from wasmhub.cli.stored import stored_image
from wasmhub.oci import media, pack, write_oci_layout
from wasmhub.proxywasm import analyse, compatibility_of, in_words

pytestmark = pytest.mark.single_setup

HELLO = EXAMPLES / "ada/hello/dist/1.0.0.wasm"
MODULE = HELLO.read_bytes()
PACKED = {
    f"org.opencontainers.image.{key}": value
    for key, value in {"title": "Hello", "version": "1.0.0", "licenses": "Apache-2.0"}.items()
}
UNKNOWN = wasm_module(
    imports=[Import("proxy_teleport")],
    exports=[Export("proxy_abi_version_0_2_1"), Export("memory", kind="memory")],
)


def written(folder: Path, image: Image, *more: Image) -> Path:
    """Write images as a layout's folder, the first under the tag ``one``."""
    blobs = folder / "blobs/sha256"
    blobs.mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    entries = []
    for name, each in zip(("one", "two", "three"), (image, *more), strict=False):
        (blobs / each.digest.hex).write_bytes(each.manifest)
        for digest, data in each.blobs.items():
            (blobs / digest.hex).write_bytes(data)
        annotations = {"org.opencontainers.image.ref.name": name}
        entry = {"mediaType": each.media_type, "digest": str(each.digest), "size": 1}
        entries.append(entry | {"annotations": annotations})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    return folder


def archived(folder: Path) -> bytes:
    files = {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }
    return tar(files)


def docker_saved(module: bytes) -> bytes:
    """Make what `docker save` writes: layers before they are compressed, and no manifest."""
    layer = tar({"plugin.wasm": module})
    config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}
    listed = [{"Config": "c.json", "RepoTags": ["acme/jwt:1"], "Layers": ["l/layer.tar"]}]
    return tar(
        {
            "c.json": json.dumps(config).encode(),
            "l/layer.tar": layer,
            "manifest.json": json.dumps(listed).encode(),
        }
    )


def with_module(members: dict[str, bytes] | None = None) -> Image:
    return compat_oci(tgz(members or {"plugin.wasm": MODULE}))


def for_docker(members: dict[str, bytes] | None = None) -> Image:
    return build(
        [(media.DOCKER_LAYER_TAR_GZIP, tgz(members or {"plugin.wasm": MODULE}))],
        config_type=media.DOCKER_CONFIG,
        media_type=media.DOCKER_MANIFEST,
    )


def for_wkg() -> Image:
    return build([(media.WASM, MODULE)], config_type=media.CNCF_CONFIG, config=b"{}")


class TestAModule:
    def test_has_the_shapes_of_the_rest_api(self, wasmhub: Command) -> None:
        document = json.loads(wasmhub("inspect", HELLO, "--json").out)

        analysis = analyse(MODULE)
        assert document["facts"] == analysis.facts.as_json()
        rows = compatibility_of(analysis.facts)
        assert document["compatibility"] == [each.as_json() for each in rows]
        assert document["findings"] == [each.as_json() for each in analysis.findings]
        assert document["capabilities"] == in_words(analysis.facts.capabilities)
        assert document["image"] is None

    def test_is_shown_in_the_words_of_the_page(self, wasmhub: Command) -> None:
        said = wasmhub("inspect", HELLO)

        assert said.status == 0
        for words in (
            "proxy-wasm 0.2.1",
            "It can read and change headers.",
            "WAT",
            "Envoy Gateway",
        ):
            assert words in said.out
        assert "\x1b" not in said.out
        assert max(map(len, said.out.splitlines())) <= 80

    def test_comes_from_standard_input_as_well(self, wasmhub: Command) -> None:
        from_file = json.loads(wasmhub("inspect", HELLO, "--json").out)

        assert json.loads(wasmhub("inspect", "-", "--json", stdin=MODULE).out) == from_file

    @pytest.mark.parametrize("data", [b"text, and no module" * 40, b"\0asm\x0d\0\1\0", MODULE[:99]])
    def test_that_is_none_is_explained_by_a_finding(
        self, wasmhub: Command, tmp_path: Path, data: bytes
    ) -> None:
        file = tmp_path / "x.wasm"
        file.write_bytes(data)

        said = wasmhub("inspect", file)

        assert said.status == 0
        assert re.search(r"error wasm/[a-z-]+\n    [A-Z]", said.out)
        assert "/docs/findings/wasm/" in said.out

    def test_with_commands_to_the_terminal_in_its_names_gives_none(
        self, wasmhub: Command, tmp_path: Path
    ) -> None:
        name = "\x1b]0;owned\x07\x1b[31m\u202e"
        module = wasm_module(imports=[Import(name)], custom={"producers": b""})
        file = tmp_path / "x.wasm"
        file.write_bytes(module)

        for options in ([], ["--json"], ["--color", "always"]):
            out = re.sub(r"\x1b\[[0-9]+m", "", wasmhub("inspect", file, *options).out)
            assert out.replace("\n", "").isprintable(), options
        said = wasmhub("diff", HELLO, file)
        assert "\\u{1b}]0;owned" in said.out


class TestColours:
    def test_are_for_terminals_and_for_who_asks(self, wasmhub: Command) -> None:
        assert "\x1b[1m" in wasmhub("inspect", HELLO, "--color", "always").out
        assert "\x1b" not in wasmhub("inspect", HELLO, "--color", "never").out
        assert "\x1b" not in wasmhub("inspect", HELLO, "--json", "--color", "always").out


class TestAnImage:
    @pytest.fixture(params=["folder", "archive", "standard input"])
    def stored(self, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[list[str], bytes]:
        folder = written(tmp_path / "layout", with_module())
        if request.param == "folder":
            return [str(folder)], b""
        data = archived(folder)
        if request.param == "standard input":
            return ["-"], data
        (tmp_path / "image.tar").write_bytes(data)
        return [str(tmp_path / "image.tar")], b""

    def test_says_its_form_and_digests_and_who_loads_it(
        self, wasmhub: Command, stored: tuple[list[str], bytes]
    ) -> None:
        arguments, stdin = stored
        document = json.loads(wasmhub("inspect", *arguments, "--json", stdin=stdin).out)
        shown = wasmhub("inspect", *arguments, stdin=stdin).out

        assert document["facts"] == analyse(MODULE).facts.as_json()
        image = document["image"]
        assert (image["letter"], image["pin"]) == ("A", "itself")
        assert image["digest"] == str(with_module().digest)
        assert {each["name"]: each["loads"] for each in image["loaders"]}["istio"] is True
        assert image["digest"] in shown
        assert document["facts"]["sha256"] in shown
        assert "A, compat-oci" in shown
        assert max(map(len, shown.splitlines()[1:])) <= 80

    def test_reached_through_an_index_names_both_digests(
        self, wasmhub: Command, tmp_path: Path
    ) -> None:
        inner = with_module()
        outer = index((inner, "linux/amd64"))
        folder = written(tmp_path / "layout", outer)

        said = json.loads(wasmhub("inspect", folder, "--json").out)

        image = said["image"]
        assert (image["digest"], image["index_digest"]) == (str(inner.digest), str(outer.digest))
        assert image["pin"] == "child"
        assert "image/index" in [each["id"] for each in said["findings"]]
        assert "never pin it" in wasmhub("inspect", folder).out

    def test_that_docker_saved_is_judged_as_a_push_would_make_it(
        self, wasmhub: Command, tmp_path: Path
    ) -> None:
        file = tmp_path / "saved.tar"
        file.write_bytes(docker_saved(MODULE))

        document = json.loads(wasmhub("inspect", file, "--json").out)

        assert document["image"]["form"] == "compat-docker"
        assert document["image"]["digest"] is None
        assert document["facts"]["sha256"] == analyse(MODULE).facts.sha256
        assert "none before it is pushed" in wasmhub("inspect", file).out

    def test_that_docker_wrote_into_a_layout_is_judged_so_too(
        self, wasmhub: Command, tmp_path: Path
    ) -> None:
        layer = (media.OCI_LAYER_TAR, tar({"plugin.wasm": MODULE}))
        folder = written(tmp_path / "x", build([layer]))
        before = json.loads(wasmhub("inspect", folder, "--json").out)["image"]
        digest = build([layer]).parsed.layers[0].digest.hex
        listed = [{"Config": "c.json", "Layers": [f"blobs/sha256/{digest}"] * 2}]
        (folder / "manifest.json").write_text(json.dumps(listed))
        (folder / "c.json").write_text("{}")

        image = json.loads(wasmhub("inspect", folder, "--json").out)["image"]

        assert (before["letter"], image["letter"]) == (None, "B")

    def test_is_chosen_when_there_are_several(self, wasmhub: Command, tmp_path: Path) -> None:
        folder = written(tmp_path / "x", with_module(), for_docker())

        unclear = wasmhub("inspect", folder)
        chosen = json.loads(wasmhub("inspect", folder, "--image", "two", "--json").out)

        assert unclear.status == 2
        assert "--image: one, two" in unclear.err
        assert chosen["image"]["letter"] == "B"

    def test_with_a_blob_of_other_bytes_is_refused(self, wasmhub: Command, tmp_path: Path) -> None:
        image = with_module()
        folder = written(tmp_path / "x", image)
        layer = image.parsed.layers[0].digest
        (folder / "blobs/sha256" / layer.hex).write_bytes(tgz({"plugin.wasm": UNKNOWN}))

        said = wasmhub("inspect", folder)

        assert (said.status, said.out) == (2, "")
        assert "other bytes than its digest names" in said.err

    def test_without_a_module_says_so(self, wasmhub: Command, tmp_path: Path) -> None:
        folder = written(tmp_path / "x", compat_oci(tgz({"app": b""})))

        document = json.loads(wasmhub("inspect", folder, "--json").out)

        assert (document["facts"], document["compatibility"]) == (None, [])
        assert "no-plugin-wasm" in wasmhub("inspect", folder).out
        ran = wasmhub("run", folder)
        assert ran.status == 2
        assert "no module that can be taken out" in ran.err


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "nothing in"),
        (gzip.compress(tar({"a": b""})), "unpack it first"),
        (tar({"a": b""}), "no image"),
        (tar({"index.json": b"["}), "cannot be read"),
        (tar({"index.json": b"[" * 100_000}), "cannot be read"),
        (tar({"index.json": b'{"manifests": 5}'}), "cannot be read"),
        (tar({"index.json": b'{"manifests": []}'}), "no image"),
        (tar({"index.json": b'{"manifests": [{"digest": "../../etc/passwd"}]}'}), "cannot be read"),
        (
            tar({"index.json": b'{"manifests": [{"digest": "sha256:%s"}]}' % (b"0" * 64)}),
            "not whole",
        ),
        (tar({"manifest.json": b'[{"Config": "../x", "Layers": ["/etc/passwd"]}]'}), "not whole"),
        (tar({"manifest.json": b'[{"Config": "manifest.json", "Layers": ["x"]}]'}), "links"),
        (tar({"index.json": b"{}" * 9000})[:9000], "damaged"),
        (tar({"a": b""})[:512] * 10_001, "more than 10000 members"),
    ],
    ids=range(13),
)
def test_what_is_no_whole_image_is_one_sentence(
    wasmhub: Command, tmp_path: Path, data: bytes, told: str
) -> None:
    file = tmp_path / "image.tar"
    file.write_bytes(data)

    said = wasmhub("inspect", file)

    assert (said.status, said.out) == (2, "")
    assert told in said.err
    assert re.fullmatch(r"wasmhub: [^\n]+\.\n", said.err)


LAYOUT = tar({"index.json": b"{}", "oci-layout": b"{}", "./a/b": b"x" * 600})


@given(st.one_of(st.binary(max_size=2000), st.integers(0, len(LAYOUT) - 1)), st.binary(max_size=9))
def test_no_bytes_are_more_than_a_sentence(start: bytes | int, patch: bytes) -> None:
    data = start if isinstance(start, bytes) else LAYOUT[:start] + patch + LAYOUT[start + 9 :]

    with suppress(UsageError):
        stored_image(ArchiveFiles(io.BytesIO(data)), "")


def test_links_in_an_archive_lead_nowhere(wasmhub: Command, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target in (("index.json", "/etc/passwd"), ("manifest.json", "manifest.json")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    file = tmp_path / "image.tar"
    file.write_bytes(buffer.getvalue())

    assert "There is no image" in wasmhub("inspect", file).err


class TestProxy:
    @pytest.mark.parametrize("wanted", ["envoy:1.40", "envoy:v1.40.2", "istio:1.27"])
    def test_that_loads_the_module_is_a_yes(self, wasmhub: Command, wanted: str) -> None:
        said = wasmhub("inspect", HELLO, "--proxy", wanted)

        assert (said.status, said.err) == (0, "")
        assert " loads " in said.out

    @pytest.mark.parametrize("wanted", ["envoy:1.40", "istio:1.27"])
    def test_that_lacks_a_function_is_a_no_with_the_reason(
        self, wasmhub: Command, tmp_path: Path, wanted: str
    ) -> None:
        file = tmp_path / "x.wasm"
        file.write_bytes(UNKNOWN)

        said = wasmhub("inspect", file, "--proxy", wanted)
        document = json.loads(wasmhub("inspect", file, "--proxy", wanted, "--json").out)

        assert said.status == 1
        assert "does not load" in said.out
        assert "proxy_teleport" in said.out
        assert [each["missing"] for each in document["compatibility"]] == [["env.proxy_teleport"]]

    def test_whose_fetcher_refuses_the_image_is_a_no(
        self, wasmhub: Command, tmp_path: Path
    ) -> None:
        folder = written(tmp_path / "x", for_wkg())

        assert wasmhub("inspect", folder, "--proxy", "istio:1.27").status == 1
        assert wasmhub("inspect", folder, "--proxy", "envoy:1.40").status == 0

    @pytest.mark.parametrize(
        ("wanted", "told"),
        [("nginx:1", "envoy, istio"), ("envoy", "envoy:1.38"), ("envoy:9.9", "releases are 1.40")],
    )
    def test_that_nobody_knows_is_wrong_usage(
        self, wasmhub: Command, wanted: str, told: str
    ) -> None:
        said = wasmhub("inspect", HELLO, "--proxy", wanted)

        assert said.status == 2
        assert told in said.err


class TestStrict:
    def test_the_canonical_image_is_a_yes(self, wasmhub: Command, tmp_path: Path) -> None:
        write_oci_layout(pack(MODULE, annotations=PACKED), tmp_path / "x", "1.0.0")

        said = wasmhub("inspect", tmp_path / "x", "--strict")

        assert said.status == 0
        assert "is canonical" in said.out

    def test_each_broken_rule_is_named(self, wasmhub: Command, tmp_path: Path) -> None:
        image = for_docker({"plugin.wasm": MODULE, "README": b""})
        folder = written(tmp_path / "x", image)

        said = wasmhub("inspect", folder, "--strict")
        document = json.loads(wasmhub("inspect", folder, "--strict", "--json").out)

        assert said.status == 1
        assert "is not canonical" in said.out
        for rule in ("1.1", "1.3", "1.4"):
            assert f"(rule {rule})" in said.out
        assert document["canonical"] is False
        assert {each["id"] for each in document["findings"]} == {"image/not-canonical"}

    def test_what_should_be_there_does_not_fail_it(self, wasmhub: Command, tmp_path: Path) -> None:
        folder = written(tmp_path / "x", compat_oci(tgz({"plugin.wasm": MODULE})))

        said = wasmhub("inspect", folder, "--strict")

        assert said.status == 0
        assert "warning image/not-canonical" in said.out

    def test_an_index_and_a_module_are_no_canonical_images(
        self, wasmhub: Command, tmp_path: Path
    ) -> None:
        folder = written(tmp_path / "x", index((with_module(), None)))

        assert wasmhub("inspect", folder, "--strict").status == 1
        assert wasmhub("inspect", HELLO, "--strict").status == 1
