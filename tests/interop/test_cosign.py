"""Unmodified cosign attaches, shows, signs and verifies."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests import filters
from tests.live import Hub, unique
from tests.oci_clients import cosign, crane, layout
from wasmhub.oci import is_converted_tag

pytestmark = pytest.mark.slow

REFERRERS = "--registry-referrers-mode=oci-1-1"
# Where cosign keeps a signature: flags to sign, flags to verify, the tag it makes.
WAYS = {
    "tags": ([], [], ".sig"),
    "referrers": ([REFERRERS], ["--experimental-oci11"], None),
    "bundle": (["--new-bundle-format"], ["--new-bundle-format"], None),
}


class Home:
    """Somebody's home folder, where they are signed in, or signed out."""

    def __init__(self, folder: Path, hub: Hub, who: str | None) -> None:
        self.folder = folder
        folder.mkdir()
        # Trust in nobody but the key: cosign asks the internet whom to trust unless it is told.
        media_type = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
        (folder / "root.json").write_text(json.dumps({"mediaType": media_type}))
        if who:
            self.run("login", hub.host, "-u", who, "-p", hub.tokens[who])

    def run(self, *arguments: str) -> str:
        """Run a command of cosign that has to work and return what it printed."""
        done = self.try_to(*arguments)
        assert done[0] == 0, done[1]
        return done[1]

    def try_to(self, *arguments: str) -> tuple[int, str]:
        """Run a command of cosign and return its exit status and what it printed."""
        done = cosign(*arguments, home=self.folder, COSIGN_EXPERIMENTAL="1")
        return done.returncode, done.stdout + done.stderr

    def new_key(self, name: str = "cosign") -> None:
        self.run("generate-key-pair", "--output-key-prefix", str(self.folder / name))

    def sign(self, image: str, *flags: str) -> None:
        key = f"--key={self.folder / 'cosign.key'}"
        self.run(
            "sign", "--yes", "--tlog-upload=false", "--allow-http-registry", key, *flags, image
        )

    def verify(self, image: str, key: Path, *flags: str) -> tuple[int, str]:
        """Verify a signature by a key alone: no log, no certificates."""
        root = f"--trusted-root={self.folder / 'root.json'}"
        alone = ("--private-infrastructure", "--allow-http-registry", root, f"--key={key}")
        return self.try_to("verify", *alone, *flags, image)


@pytest.fixture
def alice(hub: Hub, tmp_path: Path) -> Home:
    """Return alice's home with a key pair in it."""
    home = Home(tmp_path / "alice", hub, "alice")
    home.new_key()
    return home


@pytest.fixture
def nobody(hub: Hub, tmp_path: Path) -> Home:
    return Home(tmp_path / "nobody", hub, None)


def push(hub: Hub, home: Home, path: str, version: str = "1.0.0", module: bytes = b"") -> str:
    """Push a private image and return its reference by digest, once it was judged."""
    source = home.folder / version
    source.mkdir()
    target = f"{hub.host}/{path}:{version}"
    folder = layout(source, module or filters.hello())
    pushed = crane("push", "--insecure", str(folder), target, home=home.folder)
    release = hub.wait_for_verdict(path, version)
    assert pushed.stdout.strip() == f"{hub.host}/{path}@{release['digest']}", pushed.stderr
    return pushed.stdout.strip()


def publish(hub: Hub, path: str) -> None:
    hub.api("PATCH", f"/extensions/{path}", who="alice", json={"visibility": "public"})


def tags(home: Home, image: str) -> list[str]:
    """Return the tags that clients gave, without those of the forms that the hub adds."""
    listed = crane("ls", "--insecure", image.partition("@")[0], home=home.folder)
    return [tag for tag in listed.stdout.split() if not is_converted_tag(tag)]


def named(image: str, suffix: str) -> str:
    """Return the tag by which cosign finds what is said about the image."""
    return image.partition("@")[2].replace(":", "-") + suffix


def test_tree_shows_what_was_attached(hub: Hub, alice: Home, nobody: Home) -> None:
    path = f"alice/{unique()}"
    image = push(hub, alice, path)
    sbom, payload, signature, attestation = (
        alice.folder / name for name in ("sbom.json", "payload.json", "signature", "attestation")
    )
    sbom.write_text('{"spdxVersion": "SPDX-2.3"}')
    payload.write_text(cosign("generate", image, home=alice.folder).stdout)
    offline = (f"--key={alice.folder / 'cosign.key'}", "--tlog-upload=false", "--yes")
    alice.run("sign-blob", *offline, f"--output-signature={signature}", str(payload))
    attest = ("attest", *offline, "--no-upload", "--type=spdxjson", f"--predicate={sbom}", image)
    attestation.write_text(cosign(*attest, home=alice.folder).stdout.strip())

    alice.run("attach", "sbom", f"--sbom={sbom}", image)
    alice.run("attach", "signature", f"--payload={payload}", f"--signature={signature}", image)
    alice.run("attach", "attestation", f"--attestation={attestation}", image)
    tree = alice.run("tree", image)
    publish(hub, path)

    assert tags(alice, image) == [
        "1.0.0",
        *(named(image, each) for each in (".att", ".sbom", ".sig")),
    ]
    for file, suffix in ((sbom, ".sbom"), (payload, ".sig"), (attestation, ".att")):
        assert named(image, suffix) in tree
        assert hashlib.sha256(file.read_bytes()).hexdigest() in tree
    assert sorted(nobody.run("tree", image).splitlines()) == sorted(tree.splitlines())
    assert nobody.verify(image, alice.folder / "cosign.pub")[0] == 0


def test_tree_shows_an_sbom_that_was_attached_as_a_referrer(hub: Hub, alice: Home) -> None:
    image = push(hub, alice, f"alice/{unique()}")
    sbom = alice.folder / "sbom.json"
    sbom.write_text('{"spdxVersion": "SPDX-2.3"}')

    alice.run("attach", "sbom", REFERRERS, f"--sbom={sbom}", image)
    tree = alice.run("tree", REFERRERS, image)

    assert tags(alice, image) == ["1.0.0"]
    assert "application/vnd.dev.cosign.artifact.sbom.v1+json artifacts via OCI referrer" in tree
    assert hashlib.sha256(sbom.read_bytes()).hexdigest() in tree


@pytest.mark.parametrize("way", WAYS)
def test_a_signature_verifies(hub: Hub, alice: Home, nobody: Home, way: str) -> None:
    path, (sign, verify, suffix) = f"alice/{unique()}", WAYS[way]
    image, key = push(hub, alice, path), alice.folder / "cosign.pub"
    alice.new_key("other")

    unsigned = alice.verify(image, key, *verify)
    alice.sign(image, *sign)
    signed = alice.verify(image, key, *verify)
    wrong_key = alice.verify(image, alice.folder / "other.pub", *verify)
    private = nobody.verify(image, key, *verify)
    publish(hub, path)
    public = nobody.verify(image, key, *verify)

    assert tags(alice, image) == ["1.0.0", *([named(image, suffix)] if suffix else [])]
    assert [each[0] for each in (signed, public)] == [0, 0], signed[1] + public[1]
    assert "signatures were verified against the specified public key" in public[1]
    assert all(each[0] for each in (unsigned, wrong_key, private))
    assert "UNAUTHORIZED" in private[1]


def test_only_publishers_verify_what_failed(hub: Hub, alice: Home, nobody: Home) -> None:
    path, key = f"alice/{unique()}", alice.folder / "cosign.pub"
    good = push(hub, alice, path)
    bad = push(hub, alice, path, "1.1.0", filters.without_marker())
    publish(hub, path)
    for image in (good, bad):
        alice.sign(image)

    assert [alice.verify(image, key)[0] for image in (good, bad)] == [0, 0]
    assert nobody.verify(good, key)[0] == 0
    assert "no signatures found" in nobody.verify(bad, key)[1]
    assert tags(nobody, good) == ["1.0.0", named(good, ".sig")]


def test_a_stranger_learns_and_changes_nothing(hub: Hub, alice: Home, tmp_path: Path) -> None:
    image = push(hub, alice, f"alice/{unique()}")
    path, absent = image.removeprefix(f"{hub.host}/").partition("@")[0], f"alice/{unique()}"
    alice.sign(image)
    mallory = Home(tmp_path / "mallory", hub, "mallory")
    sbom = mallory.folder / "sbom.json"
    sbom.write_text("{}")

    for flags in ([], [REFERRERS]):
        refused = mallory.try_to("tree", *flags, image)
        missing = mallory.try_to("tree", *flags, image.replace(path, absent))
        assert refused[0]
        assert "NAME_UNKNOWN" in refused[1]
        assert (refused[0], refused[1].replace(path, absent)) == missing
        assert mallory.try_to("attach", "sbom", *flags, f"--sbom={sbom}", image)[0]
    assert tags(alice, image) == ["1.0.0", named(image, ".sig")]
