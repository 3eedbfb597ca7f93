from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
import zlib
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmhub.oci import ExtractedModule, ImageError, NoModuleError, extract_module, sha256_of
from wasmhub.oci.gunzip import MAX_UNPACKED
from wasmhub.oci.images import Packing
from wasmhub.oci.unpacked import Plain

TarFormat = Literal[0, 1, 2]
MODULE = b"\0asm\x01\0\0\0"
LIMIT = 1 << 20
END = bytes(1024)
SIZE = slice(124, 136)


def member(
    name: str = "plugin.wasm",
    data: bytes = MODULE,
    *,
    size: int | None = None,
    kind: bytes = tarfile.REGTYPE,
    tar_format: TarFormat = tarfile.USTAR_FORMAT,
    **fields: Any,
) -> bytes:
    """Make one member: header, data and padding; `size` forges the header's."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(data) if size is None else size
    for key, value in fields.items():
        setattr(info, key, value)
    header = info.tobuf(tar_format, "utf-8", "surrogateescape")
    return header + data + bytes(-len(data) % 512)


def forged(block: bytes, place: slice, value: bytes, *, checksum: bool = True) -> bytes:
    """Overwrite a field of a header and mend its checksum."""
    header = bytearray(block[:512])
    header[place] = value
    if checksum:
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + block[512:]


def pax(*records: str, kind: bytes = tarfile.XHDTYPE, name: str = "pax") -> bytes:
    """Make an extended header of `key=value` records; one with a space brings its own length."""
    data = "".join(
        record if " " in record else f"{_record_length(record)} {record}\n" for record in records
    )
    return member(name, data.encode(), kind=kind)


def _record_length(record: str) -> int:
    rest = len(record) + len(" \n")
    return rest + (1 if rest < 9 else 2)


class Drip:
    """Give one byte at a time, as a slow stream may."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, 1))


def extract(*parts: bytes, limit: int = LIMIT) -> ExtractedModule:
    return extract_module(io.BytesIO(gzip.compress(b"".join(parts))), "tar+gzip", limit)


def refusal(*parts: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(ImageError) as caught:
        extract(*parts, limit=limit)
    assert str(caught.value).endswith(".")
    return caught.value.id


class TestTaken:
    @pytest.mark.parametrize("name", ["plugin.wasm", "./plugin.wasm", "a/b/plugin.wasm"])
    @pytest.mark.parametrize(
        "tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
    )
    def test_the_member_is_found_in_each_format(self, name: str, tar_format: TarFormat) -> None:
        found = extract(member(name, tar_format=tar_format), END)

        assert found == ExtractedModule(MODULE, name)

    @pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_a_long_name_is_followed(self, tar_format: TarFormat) -> None:
        name = "folder/" * 40 + "plugin.wasm"

        assert extract(member(name, tar_format=tar_format), END).path == name

    def test_a_long_folder_in_ustar_is_followed(self) -> None:
        assert extract(member("folder/" * 20 + "plugin.wasm"), END).data == MODULE

    def test_other_members_are_passed_over(self) -> None:
        found = extract(
            member("folder/", b"", kind=tarfile.DIRTYPE),
            member("link", b"", kind=tarfile.SYMTYPE, linkname="plugin.wasm"),
            member("README", b"x" * 5000),
            member(),
            member("other.wasm"),
            END,
        )

        assert found.data == MODULE

    def test_an_archive_without_gzip_is_read(self) -> None:
        archive = member("README", b"x" * 5000) + member() + END

        found = extract_module(Drip(archive), "tar", LIMIT)

        assert (found.data, found.path) == (MODULE, "plugin.wasm")

    @pytest.mark.parametrize("padding", [0, 1024, 10_240])
    def test_the_diff_id_is_of_all_unpacked_bytes(self, padding: int) -> None:
        archive = member("other") + member() + bytes(padding)

        packed = extract(archive)
        plain = extract_module(io.BytesIO(archive), "tar", LIMIT)

        assert packed.diff_id == plain.diff_id == sha256_of(archive)
        assert packed.names == plain.names == ("other", "plugin.wasm")

    def test_the_runtime_config_is_returned(self) -> None:
        before = extract(member("runtime-config.json", b"{}"), member(), END)
        after = extract(member(), member("x/runtime-config.json", b"{}"), END)

        assert before.runtime_config == after.runtime_config == b"{}"

    def test_an_archive_without_its_end_blocks_is_read(self) -> None:
        assert extract(member()).data == MODULE

    def test_a_padded_archive_is_read(self) -> None:
        assert extract(member(), bytes(10_240)).data == MODULE

    def test_a_stream_of_several_gzip_members_is_read(self) -> None:
        archive = member() + END
        packed = gzip.compress(archive[:700]) + gzip.compress(archive[700:])

        assert extract_module(io.BytesIO(packed), "tar+gzip", LIMIT).data == MODULE

    def test_a_module_of_exactly_the_limit_is_taken(self) -> None:
        data = bytes(range(256)) * 16

        assert extract(member(data=data), END, limit=len(data)).data == data

    def test_a_global_comment_is_passed_over(self) -> None:
        assert extract(pax("comment=hello", kind=tarfile.XGLTYPE), member(), END).data == MODULE

    def test_a_pax_size_that_agrees_is_taken(self) -> None:
        assert extract(pax("size=8"), member(), END).data == MODULE

    def test_gnus_binary_numbers_are_read(self) -> None:
        assert extract(member(uid=2**40, tar_format=tarfile.GNU_FORMAT), END).data == MODULE

    @given(
        st.lists(st.tuples(st.sampled_from(["a", "b/c", "d" * 150]), st.binary(max_size=1500))),
        st.binary(max_size=3000),
        st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    )
    def test_what_tarfile_writes_is_read(
        self, others: list[tuple[str, bytes]], module: bytes, tar_format: TarFormat
    ) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tar_format) as archive:
            for name, data in [*others, ("plugin.wasm", module)]:
                if tar_format == tarfile.USTAR_FORMAT and len(name) > 100:
                    continue
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

        assert extract(buffer.getvalue()).data == module


class TestNoPlugin:
    def test_another_wasm_file_is_named(self) -> None:
        with pytest.raises(ImageError, match=r"has 'filter\.wasm' but no plugin\.wasm") as caught:
            extract(member("filter.wasm"), END)

        assert caught.value.id == "image/no-plugin-wasm"
        assert not isinstance(caught.value, NoModuleError)

    @pytest.mark.parametrize("parts", [(END,), (member("README"), END), (b"",)])
    def test_an_archive_without_wasm_has_an_error_of_its_own(self, parts: tuple[bytes]) -> None:
        with pytest.raises(NoModuleError):
            extract(*parts)

    def test_a_name_cannot_break_the_sentence(self) -> None:
        with pytest.raises(ImageError) as caught:
            extract(member("a\n\x1b[31m\u202e.wasm"), END)

        assert str(caught.value).isascii()
        assert str(caught.value).isprintable()


class TestAmbiguous:
    @pytest.mark.parametrize("second", ["plugin.wasm", "./plugin.wasm", "x/plugin.wasm"])
    def test_two_plugins_are_refused(self, second: str) -> None:
        assert refusal(member(), member(second), END) == "image/ambiguous"

    @pytest.mark.parametrize(
        "kind",
        [
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.CHRTYPE,
            tarfile.BLKTYPE,
            tarfile.DIRTYPE,
            tarfile.FIFOTYPE,
        ],
    )
    def test_a_plugin_that_is_no_file_is_refused(self, kind: bytes) -> None:
        assert refusal(member(data=b"", kind=kind, linkname="x"), END) == "image/bad-archive"

    def test_a_global_header_named_plugin_is_refused(self) -> None:
        header = pax("comment=hello", kind=tarfile.XGLTYPE, name="plugin.wasm")

        with pytest.raises(ImageError, match=r"plugin\.wasm is a link, folder or device"):
            extract(header, member(), END)


GIVES_UP = """
import io, json, sys, tracemalloc
from wasmhub.oci import ImageError, extract_module

stream = io.BytesIO(sys.stdin.buffer.read())
tracemalloc.start()
try:
    extract_module(stream, "tar+gzip", 2**31)
except ImageError as error:
    peak = tracemalloc.get_traced_memory()[1]
    print(json.dumps([error.id, str(error), stream.tell(), peak]))
"""


class TestTooLarge:
    def test_a_plugin_over_the_limit(self) -> None:
        assert refusal(member(data=b"x" * 11), END, limit=10) == "image/too-large"

    def test_any_member_that_announces_more_than_the_limit(self) -> None:
        assert refusal(member(), member("x", b"", size=2**33 - 1)) == "image/too-large"

    def test_a_runtime_config_over_64_kib(self) -> None:
        config = member("runtime-config.json", b"x" * 65_537)

        assert refusal(config, member(), END) == "image/too-large"

    def test_more_than_1000_members(self) -> None:
        assert refusal(member("x", b"") * 1000, member(), END) == "image/too-large"

    def test_a_gzip_bomb_is_given_up_early_in_bounded_memory(self) -> None:
        compressor = zlib.compressobj(wbits=31)
        zeros = bytes(1 << 20)
        packed = compressor.compress(member() + member("x", b"", size=2**31 - 1))
        packed += b"".join(compressor.compress(zeros) for _ in range(200)) + compressor.flush()

        # A process of its own: the memory of this one is also what other tests left running.
        done = subprocess.run(
            [sys.executable, "-c", GIVES_UP], input=packed, capture_output=True, check=True
        )
        finding, message, read, peak = json.loads(done.stdout)

        assert finding == "image/too-large"
        assert "200 times its size" in message
        assert read < len(packed)
        assert peak < 8 << 20

    def test_a_raw_module_over_the_limit(self) -> None:
        with pytest.raises(ImageError) as caught:
            extract_module(io.BytesIO(b"x" * 11), "raw", 10)

        assert caught.value.id == "image/too-large"


GNU_NAME = member("x", b"y\0", kind=tarfile.GNUTYPE_LONGNAME)
GLOBAL = tarfile.XGLTYPE
BROKEN: dict[str, Any] = {
    "cut off in a header": ("cut off", member()[:400]),
    "cut off in data": ("cut off", member(data=b"x" * 600)[:1000]),
    "cut off in padding": ("cut off", member()[:600]),
    "bytes after the end": ("bytes follow its end", member(), END, b"x"),
    "member after a zero block": ("bytes follow its end", member(), bytes(512), member("x")),
    "checksum": ("checksum", forged(member(), slice(0, 1), b"q", checksum=False), END),
    "format": ("no known tar format", forged(member(), slice(257, 263), b"bogus!"), END),
    "unknown kind": ("unusual kind", forged(member(), slice(156, 157), b"Z"), END),
    "sparse kind": ("unusual kind", forged(member(), slice(156, 157), b"S"), END),
    "contiguous kind": ("unusual kind", forged(member(), slice(156, 157), b"7"), END),
    "binary size": ("malformed number", forged(member(), SIZE, b"\x80" + bytes(10) + b"\x08"), END),
    "size with a letter": ("malformed number", forged(member(), SIZE, b"8x0000000000"), END),
    "negative size": ("malformed number", forged(member(), SIZE, b"-0000000010\0"), END),
    "mode of letters": ("malformed number", forged(member(), slice(100, 108), b"rw-r--r-"), END),
    "huge time": ("too large", forged(member(), slice(136, 148), b"\x80" + b"\xff" * 11), END),
    "link with data": ("claims to have data", member("x", b"abc", kind=tarfile.LNKTYPE)),
    "folder with data": ("claims to have data", member("x/", b"abc", kind=tarfile.DIRTYPE)),
    "no name": ("no name", member("", b"abc"), member(), END),
    "a folder's name": ("no name", forged(member(), slice(11, 12), b"/"), END),
    "pax: other size": ("different sizes", pax("size=7"), member(), END),
    "pax: negative size": ("malformed", pax("size=-8"), member(), END),
    "pax: no length": ("malformed", pax("size= 8\n"), member(), END),
    "pax: long length": ("malformed", pax("99 size=8\n"), member(), END),
    "pax: short length": ("malformed", pax("2 size=8\n"), member(), END),
    "pax: no key": ("malformed", pax("=ab"), member(), END),
    "pax: no line end": ("malformed", pax("9 size=88"), member(), END),
    "pax: key twice": ("malformed", pax("size=8", "size=8"), member(), END),
    "pax: NUL in a path": ("malformed", pax("path=plugin.wasm\0b"), member(), END),
    "pax: sparse file": ("sparse", pax("GNU.sparse.major=1"), member(), END),
    "pax: path for all": ("alike", pax("path=plugin.wasm", kind=GLOBAL), member("x"), END),
    "pax: size for all": ("alike", pax("size=8", kind=GLOBAL), member(), END),
    "pax twice": ("two extended headers", pax("size=8"), pax("size=8"), member(), END),
    "pax and GNU name": ("two extended", pax("path=plugin.wasm"), GNU_NAME, member(), END),
    "GNU name and pax": ("two extended", GNU_NAME, pax("path=plugin.wasm"), member(), END),
    "GNU name twice": ("two extended", GNU_NAME, GNU_NAME, member(), END),
    "pax at the end": ("after an extended header", member(), pax("size=8"), END),
    "huge pax": ("more than 1 MiB", member("x", b"", size=2**30, kind=tarfile.XHDTYPE)),
}


def test_an_archive_without_gzip_has_the_same_limit_of_bytes() -> None:
    class Endless:
        def read(self, size: int, /) -> bytes:
            return bytes(size)

    source = Plain(Endless())

    with pytest.raises(ImageError) as caught:
        while True:
            source.read(MAX_UNPACKED // 32)
    assert caught.value.id == "image/too-large"


class TestBadArchive:
    @pytest.mark.parametrize("case", BROKEN)
    def test_what_readers_could_see_differently_is_refused(self, case: str) -> None:
        why, *parts = BROKEN[case]

        with pytest.raises(ImageError, match=why) as caught:
            extract(*parts)

        assert caught.value.id == "image/bad-archive"

    def test_a_pax_path_decides_the_name(self) -> None:
        assert extract(pax("path=plugin.wasm"), member("x"), END).path == "plugin.wasm"
        assert refusal(pax("path=xy"), member(), END) == "image/no-plugin-wasm"

    @pytest.mark.parametrize(
        "change",
        [
            lambda packed: packed[:0],
            lambda packed: packed[:5],
            lambda packed: packed[:-9],
            lambda packed: packed[:-1],
            lambda packed: packed[:-8] + bytes(8),
            lambda packed: packed + b"garbage",
            lambda packed: packed + bytes(512),
            lambda packed: packed + gzip.compress(b"x"),
            lambda packed: b"plain" + packed,
            lambda packed: zlib.compress(gzip.decompress(packed)),
        ],
    )
    def test_an_unsound_gzip_stream_is_refused(self, change: Any) -> None:
        packed = change(gzip.compress(member() + END))

        with pytest.raises(ImageError) as caught:
            extract_module(io.BytesIO(packed), "tar+gzip", LIMIT)

        assert caught.value.id == "image/bad-archive"

    @pytest.mark.parametrize(
        ("packing", "data", "what"),
        [
            ("tar+gzip", MODULE, "a bare Wasm file"),
            ("tar+gzip", b"\x28\xb5\x2f\xfd" + bytes(20), "a zstd stream"),
            ("tar+gzip", member() + END, "a bare tar archive"),
            ("tar+gzip", b"PK\x03\x04" + bytes(20), "a zip archive"),
            ("tar", gzip.compress(member() + END, mtime=0), "a gzip stream"),
            ("tar", MODULE + bytes(2000), "a bare Wasm file"),
        ],
    )
    def test_bytes_that_are_not_what_the_media_type_says_are_called_by_their_name(
        self, packing: Packing, data: bytes, what: str
    ) -> None:
        with pytest.raises(ImageError, match=what) as caught:
            extract_module(io.BytesIO(data), packing, LIMIT)

        assert caught.value.id == "image/wrong-media-type"

    @given(st.binary(max_size=2000))
    def test_random_bytes_make_no_other_error(self, data: bytes) -> None:
        for packing in ("tar+gzip", "tar"):
            with pytest.raises(ImageError):
                extract_module(io.BytesIO(data), packing, LIMIT)
        with pytest.raises(ImageError):
            extract(data)

    @settings(max_examples=300)
    @given(
        start=st.integers(0, 511),
        noise=st.binary(min_size=1, max_size=12),
        checksum=st.booleans(),
    )
    def test_a_damaged_header_makes_no_other_error(
        self, *, start: int, noise: bytes, checksum: bool
    ) -> None:
        noise = noise[: 512 - start]
        damaged = forged(member(), slice(start, start + len(noise)), noise, checksum=checksum)

        try:
            found = extract(damaged, END)
        except ImageError:
            return

        assert found.data[:8] == MODULE[: len(found.data)]

    @given(st.binary(max_size=100))
    def test_random_pax_records_make_no_other_error(self, records: bytes) -> None:
        try:
            found = extract(member("pax", records, kind=tarfile.XHDTYPE), member(), END)
        except ImageError:
            return

        assert found.data == MODULE


class TestRaw:
    def test_all_bytes_up_to_the_limit_are_taken(self) -> None:
        assert extract_module(io.BytesIO(MODULE), "raw", 8) == ExtractedModule(MODULE)

    def test_a_stream_that_gives_few_bytes_at_a_time_is_read_to_its_end(self) -> None:
        class Slow(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(min(size or 0, 3))

        assert extract_module(Slow(MODULE), "raw", 100).data == MODULE
        packed = gzip.compress(member() + END)
        assert extract_module(Slow(packed), "tar+gzip", 100).data == MODULE
