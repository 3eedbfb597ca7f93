from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmhub.oci import (
    InvalidVersionError,
    Version,
    check_tag,
    converted_tag,
    is_converted_tag,
    is_release_tag,
)
from wasmhub.oci.versions import CONVERSIONS

IN_ORDER = [
    "0.0.1",
    "0.9.10",
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-11",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-a",
    "1.2.0",
    "1.10.0",
]

numbers = st.integers(0, 10**18 - 1)
versions = st.builds(
    Version,
    numbers,
    numbers,
    numbers,
    st.from_regex(r"(a|b-|0|[1-9][0-9]?|0a)(\.(a|-|0|7))?", fullmatch=True) | st.just(""),
)


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(IN_ORDER)))
def test_precedence_is_that_of_semantic_versioning(lower: str, higher: str) -> None:
    assert Version.parse(lower) < Version.parse(higher)
    assert Version.parse(higher) >= Version.parse(lower)


def test_words_follow_numbers_and_sort_by_ascii() -> None:
    texts = ["1.0.0-a", "1.0.0-A", "1.0.0--", "1.0.0-9"]

    assert [str(v) for v in sorted(map(Version.parse, texts))] == texts[::-1]


def test_a_leading_v_makes_no_difference() -> None:
    assert Version.parse("v1.2.0") == Version.parse("1.2.0")
    assert hash(Version.parse("v1.2.0")) == hash(Version.parse("1.2.0"))
    assert str(Version.parse("v1.2.0-rc.1")) == "1.2.0-rc.1"


def test_a_prerelease_says_so() -> None:
    assert Version.parse("1.2.0-rc.1").is_prerelease
    assert not Version.parse("1.2.0").is_prerelease


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "latest",
        "1",
        "1.2",
        "1.2.3.4",
        "V1.2.3",
        "vv1.2.3",
        "01.2.3",
        "1.02.3",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-a..b",
        "1.2.3+build",
        "1.2.3-a_b",
        "1.2.3\n",
        " 1.2.3",
        "1.2.٣",
        "1.2.3-" + "a" * 123,
        "1" * 19 + ".0.0",
        "9" * 100_000,
    ],
)
def test_another_tag_is_no_release(tag: str) -> None:
    assert not is_release_tag(tag)
    with pytest.raises(InvalidVersionError, match=r"X\.Y\.Z"):
        Version.parse(tag)


@given(versions)
def test_what_is_written_is_read_the_same(version: Version) -> None:
    assert Version.parse(str(version)) == version
    assert is_release_tag(f"v{version}")


@given(versions, versions)
def test_any_two_versions_have_one_order(a: Version, b: Version) -> None:
    assert [a < b, a == b, a > b].count(True) == 1


@given(st.text(alphabet="v0123.-ab", max_size=130))
def test_no_text_makes_another_error(text: str) -> None:
    assert is_release_tag(text) in {True, False}


@pytest.mark.parametrize("part", ["1", "0", "1-", "a.", "-"])
def test_a_long_tag_takes_no_time(part: str) -> None:
    started = time.perf_counter()

    assert not is_release_tag("1.2.3-" + part * 100_000)
    assert not is_release_tag("1.2.3-" + part * (120 // len(part)) + "!")

    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    "tag", ["canonical-1.2.0", "canonical-v1.2.0", "cncf-1.2.0-rc.1", "cncf-v0.0.1-a-b"]
)
def test_the_tags_of_converted_images_are_known(tag: str) -> None:
    assert is_converted_tag(tag)
    assert not is_release_tag(tag)


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "1.2.0",
        "canonical",
        "canonical-",
        "canonical-edge",
        "cncf-1.2",
        "CNCF-1.2.0",
        "edge-1.2.0",
    ],
)
def test_other_tags_stay_free(tag: str) -> None:
    assert not is_converted_tag(tag)


@given(versions)
def test_a_release_has_one_tag_for_each_conversion(version: Version) -> None:
    for conversion in CONVERSIONS:
        tag = converted_tag(conversion, version)
        assert tag is not None
        assert check_tag(tag) == tag == f"{conversion}-{version}"
        assert is_converted_tag(tag)


def test_a_version_that_fills_its_tag_has_no_tag_for_its_conversion() -> None:
    version = Version.parse("1.2.3-" + "a" * 122)

    assert converted_tag("canonical", version) is None
