"""Layers that want too much end in a refusal or a finding that says what it was."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests import filters
from validation import children
from validation.limited import Reading, read_in_child
from wasmhub.oci import ImageError

pytestmark = pytest.mark.single_setup

MEGABYTE = 1_000_000


@pytest.fixture(name="module")
def _module() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as module:
        yield module


def archive(size: int) -> bytes:
    """Pack a plugin.wasm of zeros."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as opened:
        member = tarfile.TarInfo("plugin.wasm")
        member.size = size
        opened.addfile(member, io.BytesIO(bytes(size)))
    return packed.getvalue()


def read(content: bytes, module: IO[bytes], **how: Any) -> Reading:
    with tempfile.TemporaryFile() as layer:
        layer.write(content)
        layer.seek(0)
        return read_in_child(layer, module, **how)


def test_an_archive_that_unpacks_to_too_much_is_refused(module: IO[bytes], settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = MEGABYTE
    bomb = archive(60 * MEGABYTE)
    assert len(bomb) < MEGABYTE

    with pytest.raises(ImageError, match="1000000 are allowed"):
        read(bomb, module, packing="tar+gzip")


def test_what_unpacks_to_more_memory_than_the_child_has_is_too_heavy(
    module: IO[bytes], settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The real child, with less memory than this module has bytes.
    child = children.PROGRAM.read_text()
    small = child.replace("MEMORY_BYTES = 1536 * 1024 * 1024", "MEMORY_BYTES = 250_000_000")
    assert small != child
    small = small.replace("parents[1]", "parents[0]")
    for part in ("validation", "wasmhub"):
        (tmp_path / part).symlink_to(children.PROGRAM.parents[1] / part)
    (tmp_path / "child.py").write_text(small)
    monkeypatch.setattr(children, "PROGRAM", tmp_path / "child.py")

    reading = read(
        filters.with_custom_section(filters.hello(), "x", bytes(100 * MEGABYTE)),
        module,
        packing="raw",
    )

    assert reading.facts is None
    (finding,) = reading.findings
    assert (finding.id, "GiB of memory" in finding.message) == ("wasm/too-heavy", True)


def test_the_module_is_read_and_kept(module: IO[bytes]) -> None:
    hello = filters.hello()  # another one each time

    reading = read(hello, module, packing="raw")

    assert reading.facts is not None
    assert reading.facts["abi"] == "0.2.1"
    module.seek(0)
    assert module.read() == hello
