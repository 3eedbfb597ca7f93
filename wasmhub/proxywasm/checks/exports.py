"""Whether the module offers what a proxy looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmhub.proxywasm.abi import (
    ALLOCATOR_TYPE,
    ALLOCATORS,
    HTTP_CALLBACKS,
    MARKERS,
    NEWEST_ABI,
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
    if UNSUPPORTED_MARKER in facts.exported_functions:
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
    functions = facts.exported_functions
    taken = next((name for name in ALLOCATORS if name in functions), None)
    if taken is None:
        message = (
            f"The module exports neither {' nor '.join(ALLOCATORS)}, so a proxy cannot hand it any "
            "data. SDKs export one; in C, mark your allocator with export_name."
        )
        yield Finding("proxywasm/no-allocator", Severity.ERROR, message, "exports")
    elif functions[taken] != ALLOCATOR_TYPE:
        message = (
            f"The allocator {taken} has the type {shown(functions[taken])}, but proxies call it as "
            f"{shown(ALLOCATOR_TYPE)} and look at no other. Export an allocator of that type."
        )
        yield Finding("proxywasm/no-allocator", Severity.ERROR, message, f"export {taken}")


def callback_types(facts: Facts) -> Iterator[Finding]:
    """Refuse callbacks whose type is not the one of the module's ABI."""
    abi = facts.abi or NEWEST_ABI
    expected = callbacks(abi)
    for name, type_ in facts.exported_functions.items():
        wanted = expected.get(name)
        if wanted is not None and type_ != wanted:
            yield Finding(
                "proxywasm/callback-type",
                Severity.ERROR,
                f"The callback {name} has the type {shown(type_)}, but ABI {abi} calls it as "
                f"{shown(wanted)}. Use the SDK's signature, or export the marker of the ABI that "
                "you mean.",
                f"export {name}",
            )


def some_callback(facts: Facts) -> Iterator[Finding]:
    """Warn of a module that a proxy never calls for traffic."""
    traffic = HTTP_CALLBACKS | TCP_CALLBACKS
    if facts.abi is not None and traffic.isdisjoint(facts.exported_functions):
        yield Finding(
            "proxywasm/no-callback",
            Severity.WARNING,
            "The module exports no callback for requests, responses or connections, so no "
            "traffic reaches it. That is right for a background service; else export "
            "proxy_on_request_headers or another callback.",
            "exports",
        )
