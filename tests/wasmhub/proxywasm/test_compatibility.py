"""Compatibility is computed from facts and the one table, never from what is declared."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from typing import Any

import pytest

from tests.wasmhub.proxywasm.modules import CONFIGURATION_REFUSED, modules
from tests.wasmhub.proxywasm.samples import COMPONENT, GOOD, STAT, with_headers, with_memory
from tests.wasmhub.wasm_builder import Import, a_filter
from wasmhub.proxywasm import Compatibility, analyse, compatibility_of, facts_of
from wasmhub.proxywasm.abi import WASI_TYPES
from wasmhub.proxywasm.proxies import hosts, releases

pytestmark = pytest.mark.single_setup

PROVEN = {"version": "1.40.0", "loads": True, "log": ""}
# What wasm hosts offered of WASI at each step, counted in their sources.
WASI_TOTALS = {"6dab125": 12, "bc6fe15": 12, "f383473": 15, "73fe589": 15, "c4d7bb0": 18}


def row(
    data: bytes, version: str, proxy: str = "envoy", proofs: list[dict[str, Any]] | None = None
) -> Compatibility:
    rows = compatibility_of(analyse(data).facts, proofs or [])
    (found,) = (each for each in rows if (each.proxy, each.version) == (proxy, version))
    return found


def table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(resources.files("wasmhub.proxywasm").joinpath("proxies.toml").read_text())


class TestShape:
    def test_is_fixed(self) -> None:
        assert row(GOOD, "1.40").as_json() == {
            "proxy": "envoy",
            "version": "1.40",
            "loads": True,
            "missing": [],
            "reason": "",
            "disputed": False,
            "proven": None,
        }

    def test_is_the_same_from_facts_and_from_their_stored_shape(self) -> None:
        for data in modules().values():
            facts = analyse(data).facts
            stored = json.loads(json.dumps(facts.as_json()))

            assert compatibility_of(stored) == compatibility_of(facts)

    def test_has_the_newest_envoy_first_and_every_proxy_in_descending_order(self) -> None:
        rows = compatibility_of(facts_of(GOOD))

        assert (rows[0].proxy, rows[0].version) == ("envoy", "1.40")
        for proxy in ("envoy", "istio", "envoy-gateway", "gloo"):
            listed = [each.version for each in rows if each.proxy == proxy]
            numbers = [tuple(map(int, each.split("."))) for each in listed]
            assert numbers == sorted(numbers, reverse=True)
            assert numbers


class TestTable:
    def test_has_every_envoy_from_1_17_to_1_40(self) -> None:
        envoys = [each.version for each in releases() if each.proxy == "envoy"]

        assert envoys == [f"1.{minor}" for minor in range(40, 16, -1)]

    def test_names_each_release_once(self) -> None:
        names = [(each.proxy, each.version) for each in releases()]

        assert len(set(names)) == len(names)

    def test_names_only_functions_whose_types_are_known(self) -> None:
        named = {name for host in table()["hosts"] for name in host.get("wasi", [])}

        assert named == set(WASI_TYPES)

    def test_adds_up_to_what_each_host_offers_of_wasi(self) -> None:
        counted = {commit: len(host.wasi) for commit, host in hosts().items()}

        assert counted == WASI_TOTALS | {"94091cd": 45}

    def test_tells_of_every_envoy_that_is_more_than_assumed_what_proves_it(self) -> None:
        sourced = {each.version for each in releases() if each.source}

        assert sourced == {"1.33", "1.36", "1.37", "1.38", "1.39", "1.40"}


class TestVerdict:
    def test_of_a_good_module_is_that_it_loads_where_that_is_known(self) -> None:
        rows = compatibility_of(facts_of(GOOD))

        assert {each.loads for each in rows} == {True, None}
        assert all(each.loads is None for each in rows if each.proxy != "envoy")

    def test_names_what_an_older_proxy_lacks(self) -> None:
        found = row(with_headers(imports=[STAT]), "1.38")

        assert found.loads is False
        assert found.missing == ("wasi_snapshot_preview1.fd_filestat_get",)
        assert "fd_filestat_get" in found.reason
        assert row(with_headers(imports=[STAT]), "1.39").loads is True

    def test_of_a_release_without_a_source_is_assumed_and_still_says_what_is_missing(self) -> None:
        good, bad = row(GOOD, "1.35"), row(with_headers(imports=[STAT]), "1.35")

        assert (good.loads, good.missing, good.reason) == (None, (), "Assumed to load.")
        assert (bad.loads, bad.missing) == (None, ("wasi_snapshot_preview1.fd_filestat_get",))
        assert bad.reason.startswith("Assumed: it imports wasi_snapshot_preview1.fd_filestat_get")

    def test_of_a_proxy_that_carries_an_envoy_is_assumed_from_that_one(self) -> None:
        old = row(with_headers(imports=[STAT]), "1.28", "istio")
        new = row(with_headers(imports=[STAT]), "1.31", "istio")

        assert (old.loads, bool(old.missing)) == (None, True)
        assert (new.loads, bool(new.missing)) == (None, False)

    def test_knows_that_growth_is_announced_since_2022_only(self) -> None:
        wanted = Import("emscripten_notify_memory_growth", "(i32) -> ()")

        assert row(a_filter(imports=[wanted]), "1.22").missing
        assert not row(a_filter(imports=[wanted]), "1.23").missing

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (COMPONENT, "no core module"),
            (b"", "no core module"),
            (a_filter(abi="0_3_0"), "no marker"),
            (with_memory("16385"), "proxies give at most 1024"),
            (a_filter(allocator=None), "neither malloc nor"),
            (a_filter(imports=[Import("proxy_log", "() -> ()")]), "as () -> ()"),
        ],
    )
    def test_says_why_no_release_loads_a_module(self, data: bytes, reason: str) -> None:
        rows = compatibility_of(analyse(data).facts)

        assert {each.loads for each in rows} == {False, None}
        assert all(reason in each.reason for each in rows)

    def test_knows_from_the_facts_what_only_the_bytes_show(self) -> None:
        refused, good = analyse(with_memory("16385")).facts, analyse(GOOD).facts

        assert len(refused.as_json()["obstacles"]) == 1
        assert "obstacles" not in good.as_json()

    def test_does_not_follow_what_an_image_declares(self) -> None:
        declared = b'{"abiVersions": ["v0-4689a30309abf31aee9ae36e73d34b1bb182685f"]}'

        assert compatibility_of(facts_of(GOOD, declared)) == compatibility_of(facts_of(GOOD))

    def test_lists_a_part_of_many_missing_imports(self) -> None:
        many = a_filter(imports=[Import(f"f{each}") for each in range(5000)])

        found = row(many, "1.40")

        assert found.missing == tuple(f"env.f{each}" for each in range(20))
        assert "and 4999 more" in found.reason


class TestProof:
    def test_is_shown_in_the_row_of_its_release_only(self) -> None:
        rows = compatibility_of(facts_of(GOOD), [PROVEN])

        assert [each.version for each in rows if each.proven] == ["1.40"]
        assert row(GOOD, "1.40", proofs=[PROVEN]).as_json()["proven"] == PROVEN

    @pytest.mark.parametrize(("loads", "disputed"), [(True, False), (False, True)])
    def test_that_says_otherwise_disputes_the_verdict(self, loads: bool, disputed: bool) -> None:
        found = row(CONFIGURATION_REFUSED, "1.40", proofs=[PROVEN | {"loads": loads}])

        assert (found.loads, found.disputed) == (True, disputed)

    def test_of_an_assumed_release_disputes_nothing(self) -> None:
        found = row(GOOD, "1.35", proofs=[PROVEN | {"version": "1.35.4", "loads": False}])

        assert (found.loads, found.disputed) == (None, False)
        assert found.proven is not None

    @pytest.mark.parametrize("version", ["1.38", "1.35"])
    @pytest.mark.parametrize("module", [GOOD, with_headers(imports=[STAT])])
    def test_is_the_best_that_is_known_then_what_was_computed_then_what_is_assumed(
        self, module: bytes, version: str
    ) -> None:
        loads = module == GOOD
        other = PROVEN | {"version": f"{version}.1", "loads": not loads}

        assert row(module, version).best_known is loads
        assert row(module, version, proofs=[other]).best_known is not loads
