"""What changes between two releases of a module."""

from __future__ import annotations

from typing import Any

from tests import filters
from wasmhub.proxywasm import facts_of
from wasmhub.proxywasm.comparing import compare

LOG = {"module": "env", "name": "proxy_log", "kind": "function", "type": "(i32 i32 i32) -> (i32)"}
CALL = {"module": "env", "name": "proxy_http_call", "kind": "function", "type": "…"}


def facts(**changes: Any) -> dict[str, Any]:
    return {
        "sha256": "a" * 64,
        "size": 500,
        "kind": "module",
        "abi": "0.2.1",
        "contexts": ["http"],
        "language": "rust",
        "sdk": None,
        "root_ids": [""],
        "imports": [LOG],
        "exports": [],
        "capabilities": ["log"],
        **changes,
    }


def test_the_same_bytes_have_no_differences() -> None:
    real = facts_of(filters.hello()).as_json()

    compared = compare(real, real)

    assert compared.same
    assert not compared.reaches_further
    assert compared.facts == ()
    assert not any([compared.capabilities, compared.contexts, compared.imports, compared.exports])


def test_a_capability_that_is_gained_stands_out() -> None:
    compared = compare(
        facts(), facts(sha256="b" * 64, capabilities=["http-call", "log"], imports=[LOG, CALL])
    )

    assert compared.reaches_further
    assert compared.capabilities.gained == ("http-call",)
    assert compared.imports.gained == (CALL,)
    assert compared.imports.lost == ()


def test_a_capability_that_is_lost_is_told_and_is_no_warning() -> None:
    compared = compare(facts(capabilities=["log", "timer"]), facts(capabilities=["log"]))

    assert not compared.reaches_further
    assert compared.capabilities.lost == ("timer",)


def test_facts_are_told_with_what_they_were() -> None:
    compared = compare(facts(), facts(size=900, abi="0.2.0", sdk="proxy-wasm 0.2.1"))

    assert [(each.name, each.before, each.after) for each in compared.facts] == [
        ("size", 500, 900),
        ("abi", "0.2.1", "0.2.0"),
        ("sdk", None, "proxy-wasm 0.2.1"),
    ]


def test_another_type_under_the_same_name_is_another_import() -> None:
    retyped = {**LOG, "type": "(i64) -> ()"}

    compared = compare(facts(), facts(imports=[retyped]))

    assert (compared.imports.gained, compared.imports.lost) == ((retyped,), (LOG,))


def test_its_document_names_what_came_and_what_went() -> None:
    document = compare(facts(root_ids=["a"]), facts(root_ids=["b"], size=1)).as_json()

    assert document["root_ids"] == {"gained": ["b"], "lost": ["a"]}
    assert document["facts"] == [{"name": "size", "before": 500, "after": 1}]
    assert document["same"] is True
