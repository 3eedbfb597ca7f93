from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmhub.oci import InvalidDigestError, InvalidNameError, OciError, Reference, Repository
from wasmhub.oci.names import check_name, check_namespace, check_tag

SHA256 = "sha256:" + "a1" * 32


class TestNamespaceAndName:
    @pytest.mark.parametrize("namespace", ["ab", "a-b", "0a", "a" * 39, "-".join("a" * 39)])
    def test_a_namespace_of_the_grammar_is_accepted(self, namespace: str) -> None:
        assert check_namespace(namespace) == namespace

    @pytest.mark.parametrize(
        "namespace",
        ["", "a", "A1", "a--b", "-ab", "ab-", "a_b", "a.b", "a" * 40, "ab\n", "éa", "a/b", "a٣"],
    )
    def test_another_namespace_is_refused_with_the_rule(self, namespace: str) -> None:
        with pytest.raises(InvalidNameError, match=r"^A namespace has 2 to 39 lower-case .*\.$"):
            check_namespace(namespace)

    @pytest.mark.parametrize(
        "name", ["a", "jwt", "a.b", "a_b", "a__b", "a---b", "1", "a" * 100, "atom", "x.atom.y"]
    )
    def test_a_name_of_the_grammar_is_accepted(self, name: str) -> None:
        assert check_name(name) == name

    @pytest.mark.parametrize(
        "name",
        ["", "a" * 101, "A", "a..b", "a___b", ".a", "a-", "a_", "a._b", "a b", "a/b", "a\n", "é"],
    )
    def test_another_name_is_refused_with_the_rule(self, name: str) -> None:
        with pytest.raises(InvalidNameError, match="at most 100 characters"):
            check_name(name)

    @pytest.mark.parametrize("name", ["feed.atom", "badge.svg"])
    def test_a_name_that_ends_like_a_page_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidNameError, match=r"may not end in \.atom or \.svg"):
            check_name(name)


class TestTag:
    @pytest.mark.parametrize("tag", ["latest", "_x", "V1", "1.2.0-rc.1", "a" * 128])
    def test_a_tag_of_the_grammar_is_accepted(self, tag: str) -> None:
        assert check_tag(tag) == tag

    @pytest.mark.parametrize("tag", ["", ".a", "-a", "a" * 129, "a+b", "a/b", "a\n", "ü"])
    def test_another_tag_is_refused_with_the_rule(self, tag: str) -> None:
        with pytest.raises(InvalidNameError, match="A tag has 1 to 128"):
            check_tag(tag)


class TestRepository:
    def test_two_segments_are_parted(self) -> None:
        repository = Repository.parse("acme/jwt")

        assert (repository.namespace, repository.name) == ("acme", "jwt")
        assert str(repository) == "acme/jwt"

    @pytest.mark.parametrize("text", ["", "acme", "acme/jwt/x", "acme//jwt"])
    def test_another_number_of_segments_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidNameError, match="exactly two segments"):
            Repository.parse(text)

    @pytest.mark.parametrize("text", ["/jwt", "acme/", "../jwt", "acme/..", "acme/%2e"])
    def test_a_bad_segment_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidNameError):
            Repository.parse(text)

    def test_one_made_by_hand_is_checked_too(self) -> None:
        with pytest.raises(InvalidNameError):
            Repository("..", "jwt")


class TestReference:
    @pytest.mark.parametrize(
        "text",
        [
            "acme/jwt",
            "acme/jwt:latest",
            f"acme/jwt@{SHA256}",
            "hub.example/acme/jwt:1.2.0",
            "localhost:8000/acme/jwt:1.2.0",
            "127.0.0.1:8000/acme/jwt",
            "[::1]:8000/acme/jwt:edge",
            "[::1]/acme/jwt",
            f"Hub.Example:443/acme/jwt:1.2.0@{SHA256}",
        ],
    )
    def test_it_is_written_as_it_was_read(self, text: str) -> None:
        assert str(Reference.parse(text)) == text

    def test_all_parts_are_found(self) -> None:
        reference = Reference.parse(f"hub.example/acme/jwt:1.2.0@{SHA256}")

        assert reference.host == "hub.example"
        assert reference.repository == Repository("acme", "jwt")
        assert reference.tag == "1.2.0"
        assert str(reference.digest) == SHA256

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "acme",
            "hub.example/jwt",
            "/acme/jwt",
            "oci://hub.example/acme/jwt",
            "hub.example/a/acme/jwt",
            "acme/jwt:",
            "acme/jwt:a:b",
            "hub.example:0/acme/jwt",
            "hub.example:65536/acme/jwt",
            "hub..example/acme/jwt",
            "-hub.example/acme/jwt",
            "user@hub.example/acme/jwt",
            "hub_example/acme/jwt",
            "[::1%25eth0]/acme/jwt",
            "[::x]/acme/jwt",
            "[::1/acme/jwt",
            "a" * 254 + "/acme/jwt",
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(OciError):
            Reference.parse(text)

    def test_an_empty_digest_is_no_digest(self) -> None:
        with pytest.raises(InvalidDigestError):
            Reference.parse("acme/jwt@")

    @given(st.text(alphabet="ab0.-_:/@[]", max_size=40))
    def test_what_is_read_is_written_the_same(self, text: str) -> None:
        try:
            reference = Reference.parse(text)
        except OciError:
            return

        assert str(reference) == text


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "a-" * 50_000, "a_" * 50_000 + "!", "a." * 50_000, "-" * 100_000]
)
def test_a_long_text_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()

    for parse in (check_namespace, check_name, check_tag, Repository.parse, Reference.parse):
        with pytest.raises(OciError):
            parse(text)
    with pytest.raises(OciError):
        Reference.parse(f"{text}/acme/jwt")

    assert time.perf_counter() - started < 0.5
