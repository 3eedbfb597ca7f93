from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.wasmhub.wasm_builder import Export, producers, wasm_module
from wasmhub.proxywasm import facts_of

pytestmark = pytest.mark.single_setup

CARGO = b"/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f"


def made_by(**fields: Mapping[str, str]) -> bytes:
    return wasm_module(custom={"producers": producers(**fields)})


@pytest.mark.parametrize(
    ("language", "data"),
    [
        ("rust", made_by(language={"Rust": ""}, processed_by={"rustc": "1.95.0"})),
        ("rust", made_by(language={"C11": ""}, processed_by={"clang": "19", "rustc": "1.95.0"})),
        ("tinygo", made_by(language={"C99": ""}, processed_by={"TinyGo": "0.41"})),
        ("go", made_by(language={"Go": "go1.26"}, processed_by={"Go cmd/compile": "go1.26"})),
        ("c", made_by(language={"C11": ""}, processed_by={"Debian clang": "19.1.7"})),
        ("c++", made_by(language={"C_plus_plus_14": ""})),
        ("c++", made_by(language={"C++": ""})),
        (None, made_by(processed_by={"clang": "19.1.7"})),
        (None, made_by(language={"Cobol": ""})),
        ("go", wasm_module(custom={"go:buildid": b"x"})),
        ("assemblyscript", wasm_module(exports=[Export("__rtti_base", kind="global")])),
        ("assemblyscript", wasm_module(custom={"": "~lib/rt/tlsf.ts".encode("utf-16-le")})),
        ("rust", wasm_module(custom={"": b"/rustc/" + b"0a" * 20 + b"/library/core/src/x.rs"})),
        (None, wasm_module(custom={"": b"/rustc/" + b"0a" * 19 + b"/library/core/src/x.rs"})),
        (None, wasm_module(exports=[Export("memory", kind="memory")])),
    ],
)
def test_the_language_is_told_by_evidence_only(language: str | None, data: bytes) -> None:
    assert facts_of(data).language == language


@pytest.mark.parametrize(
    ("sdk", "data"),
    [
        ("Emscripten 3.1.67", made_by(sdk={"Emscripten": "3.1.67"})),
        ("nameless", made_by(sdk={"nameless": ""})),
        ("s" * 100, made_by(sdk={"s" * 150: "1"})),
        ("proxy-wasm 0.2.5", wasm_module(custom={"": CARGO + b"/proxy-wasm-0.2.5/src/lib.rs"})),
        (None, wasm_module(custom={"": CARGO + b"/proxy-wasm-next/src/lib.rs"})),
        (None, wasm_module()),
    ],
)
def test_the_sdk_is_told_by_evidence_only(sdk: str | None, data: bytes) -> None:
    assert facts_of(data).sdk == sdk
