"""The least that a proxy must allow a module: Envoy's ``capability_restriction_config``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.abi import NEWEST_ABI, UNRESTRICTED, callbacks, offered_type
from wasmhub.proxywasm.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# An empty list would allow everything. This callback only tells a module of what it sees anyway.
_HARMLESS: Final = "proxy_on_context_create"


def capability_restriction(facts: Facts | Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a ``capability_restriction_config`` that allows what the module imports and exports.

    ``facts`` may be their stored fixed shape. With it a module does what it does without it, and a
    later version that wants more gets error codes: 10 of the proxy's functions, 76 of WASI's; its
    further callbacks are not called. Istio and Envoy Gateway have no field for it.
    """
    document = facts.as_json() if isinstance(facts, Facts) else facts
    names = sorted(set(_allowed(document))) or [_HARMLESS]
    return {"allowed_capabilities": {name: {} for name in names}}


def _allowed(facts: Mapping[str, Any]) -> Iterator[str]:
    abi = facts["abi"] or NEWEST_ABI
    for each in facts["imports"]:
        is_of_proxy = each["kind"] == "function" and each["name"] not in UNRESTRICTED
        if is_of_proxy and offered_type(each["module"], each["name"], abi) is not None:
            yield each["name"]
    called = callbacks(abi)
    for each in facts["exports"]:
        if each["kind"] == "function" and each["name"] in called:
            yield each["name"]
