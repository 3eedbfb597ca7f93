"""What a module is made of: in its facts, and in a box on its page."""

from __future__ import annotations

import html
import re

from wasmtime import wat2wasm

from tests import filters
from tests.live import Hub, unique
from tests.wasmhub.wasm_builder import name

MODULE = """(module
  (memory (export "memory") 1 32)
  (table 1 funcref)
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32) (i32.const 0))
  (func (drop (v128.const i32x4 0 0 0 0)))
  (data (i32.const 0) "x"))"""
LINK = "javascript:alert('<b>hello</b>')//" + "far/" * 30


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_the_facts_and_the_page_tell_what_is_in_a_module(hub: Hub) -> None:
    path, module = f"alice/{unique('made')}", bytes(wat2wasm(MODULE))
    module = filters.with_custom_section(module, "sourceMappingURL", name(LINK))
    hub.upload(path, "1.0.0", module, visibility="public")
    hub.wait_for_verdict(path, "1.0.0")

    facts = hub.api("GET", f"/extensions/{path}/releases/1.0.0/facts").json()
    with hub.client() as client:
        page = client.get(f"/{path}/abi").text

    assert facts["features"] == ["simd128"]
    assert facts["contents"]["source_map"] == LINK
    shown = text_of(page)
    for words in (
        "Contents Features simd128",
        "Memory 0.0625 MiB, at most 2 MiB",
        "Functions 3 Tables 1 Globals 0 Element segments 0 Data segments 1",
        "Start function no",
        f"Source map {LINK}",
        "Custom sections 1",
    ):
        assert words in shown
    assert not re.search(r'(href|src)="javascript:', page)
    assert "<b>hello</b>" not in page
