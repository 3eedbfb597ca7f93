"""Whether the module offers what a proxy looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import (
    ALLOCATOR_TYPE,
    ALLOCATORS,
    HTTP_CALLBACKS,
    MARKERS,
    TCP_CALLBACKS,
    UNSUPPORTED_MARKER,
    callbacks,
)
from wasmhub.proxywasm.findings import Finding, Severity, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wasmhub.proxywasm.facts import Facts


def abi_marker(facts: Facts) -> Iterator[Finding]:
    """Refuse a module that does not say which ABI it speaks."""
    if facts.abi is not None:
        return
    if any(export.name == UNSUPPORTED_MARKER for export in facts.exports):
        message = (
            "The module speaks ABI 0.3.0 only, which no Envoy release loads. Build it with an SDK "
            "release that exports proxy_abi_version_0_2_1."
        )
    else:
        message = (
            f"The module exports none of {', '.join(MARKERS)}, so a proxy does not take it for a "
            "filter. Build it with a proxy-wasm SDK, or export a function of that name; if it is "
            "there in the source, keep the linker from dropping it."
        )
    yield Finding("proxywasm/no-abi-marker", Severity.ERROR, message, "exports")


def allocator(facts: Facts) -> Iterator[Finding]:
    """Refuse a module into whose memory the host cannot write."""
    found = {each.name: each.type for each in facts.exports if each.name in ALLOCATORS}
    if ALLOCATOR_TYPE in found.values():
        return
    yield Finding(
        "proxywasm/no-allocator",
        Severity.ERROR,
        "The module exports neither malloc nor proxy_on_memory_allocate with the type "
        f"{ALLOCATOR_TYPE}, so a proxy cannot hand it any data. SDKs export one; in C, mark your "
        "allocator with export_name.",
        "exports",
    )


def callback_types(facts: Facts) -> Iterator[Finding]:
    """Refuse callbacks whose type is not the one of the module's ABI."""
    expected = callbacks(facts.abi or "0.2.1")
    for export in facts.exports:
        wanted = expected.get(export.name)
        if wanted is not None and export.type != wanted:
            yield Finding(
                "proxywasm/callback-type",
                Severity.ERROR,
                f"The callback {export.name} has the type {shown(export.type)}, but ABI "
                f"{facts.abi or '0.2.1'} calls it as {shown(wanted)}. Use the SDK's signature, or "
                "export the marker of the ABI that you mean.",
                f"export {export.name}",
            )


def some_callback(facts: Facts) -> Iterator[Finding]:
    """Warn of a module that a proxy never calls for traffic."""
    if facts.abi is not None and not any(
        export.name in HTTP_CALLBACKS | TCP_CALLBACKS for export in facts.exports
    ):
        yield Finding(
            "proxywasm/no-callback",
            Severity.WARNING,
            "The module exports no callback for requests, responses or connections, so no "
            "traffic reaches it. That is right for a background service; else export "
            "proxy_on_request_headers or another callback.",
            "exports",
        )
