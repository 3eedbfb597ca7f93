"""
What keeps a module from loading: the rules of Envoy's Wasm host, in the order in which it asks.

They look at the facts' fixed shape only, so a new row of the table needs no module read again.
What they cannot know is what the module does when it is started: data that do not fit into its
memory, a trap, an exit, an endless loop, a call that the proxy does not allow yet or that crashes
it, a refusal in ``proxy_on_vm_start``. Only a real run tells that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.abi import (
    ALLOCATOR_TYPE,
    ALLOCATORS,
    START_TYPES,
    callbacks,
    called_at_start,
)
from wasmhub.proxywasm.limits import is_index
from wasmhub.proxywasm.proxies import offer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wasmhub.proxywasm.proxies import Host

    Document = Mapping[str, Any]  # the facts' fixed shape

LISTED: Final = 20  # enough to see the pattern; a module can have thousands
# Memories and tables are not looked up: the host makes one of each for a module that imports it.
MADE_FOR_IT: Final = ("memory", "table")
NO_MODULE: Final = "It is no core module."


@dataclass(frozen=True, slots=True)
class Obstacles:
    """
    Why a host does not load a module; without a reason, nothing is known that keeps it.

    ``missing`` has the first imports that the host lacks; ``reason`` says how many they are.
    """

    missing: tuple[str, ...] = ()
    reason: str = ""


def obstacles(facts: Document, host: Host) -> Obstacles:
    """Return the imports that a host has not, and the first reason why it refuses the module."""
    if facts["kind"] != "module":
        return Obstacles(reason=NO_MODULE)
    missing = tuple(dict.fromkeys(_missing(facts, host)))
    reasons = (reason for rule in _RULES for reason in rule(facts, host))
    return Obstacles(missing[:LISTED], next(reasons, ""))


def _marker(facts: Document, _host: Host) -> Iterator[str]:
    if facts["abi"] is None:
        yield "It exports no marker of an ABI that the proxy knows."


def _missing(facts: Document, host: Host) -> Iterator[str]:
    if facts["abi"] is None:
        return
    offered = offer(host, facts["abi"])
    for each in facts["imports"]:
        is_known = each["kind"] in MADE_FOR_IT or (
            each["kind"] == "function" and (each["module"], each["name"]) in offered
        )
        if not is_known:
            yield f"{each['module']}.{each['name']}"


def _imports(facts: Document, host: Host) -> Iterator[str]:
    missing = list(dict.fromkeys(_missing(facts, host)))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        yield f"It imports {missing[0]}{more}, which the proxy does not offer."


def _import_types(facts: Document, host: Host) -> Iterator[str]:
    offered = offer(host, facts["abi"])
    for each in facts["imports"]:
        wanted = offered.get((each["module"], each["name"]))
        if each["kind"] == "function" and wanted is not None and wanted != each["type"]:
            yield (
                f"It imports {each['module']}.{each['name']} as {each['type']}, and the proxy "
                f"offers {wanted}."
            )


def _made_once(facts: Document, _host: Host) -> Iterator[str]:
    for kind in MADE_FOR_IT:
        if sum(each["kind"] == kind for each in facts["imports"]) > 1:
            yield f"It imports more than one {kind}, and the proxy makes one."


def _tags(facts: Document, _host: Host) -> Iterator[str]:
    if any(each["kind"] == "tag" for key in ("imports", "exports") for each in facts[key]):
        yield "It imports or exports the tag of an exception, which ends the proxy."


def _indices(facts: Document, _host: Host) -> Iterator[str]:
    for each in facts["exports"]:
        if is_index(each["name"]):
            yield f"It exports something called {each['name']}, a number, which ends the proxy."


def _found_when_read(facts: Document, _host: Host) -> Iterator[str]:
    yield from facts.get("obstacles", ())


def _start_types(facts: Document, host: Host) -> Iterator[str]:
    exported = _functions(facts)
    for name in called_at_start(reactor="_initialize" in exported):
        if name in exported and name in host.starts:
            yield from _mismatch(name, exported[name], START_TYPES[name])


def _allocator(facts: Document, _host: Host) -> Iterator[str]:
    exported = _functions(facts)
    taken = next((name for name in ALLOCATORS if name in exported), None)
    if taken is None:
        yield f"It exports neither {' nor '.join(ALLOCATORS)}."
    else:
        yield from _mismatch(taken, exported[taken], ALLOCATOR_TYPE)


def _callbacks(facts: Document, _host: Host) -> Iterator[str]:
    expected = callbacks(facts["abi"])
    for name, type_ in _functions(facts).items():
        if name in expected:
            yield from _mismatch(name, type_, expected[name])


def _mismatch(name: str, type_: str, wanted: str) -> Iterator[str]:
    if type_ != wanted:
        yield f"It exports {name} as {type_}, and the proxy calls it as {wanted}."


def _functions(facts: Document) -> dict[str, str]:
    return {each["name"]: each["type"] for each in facts["exports"] if each["kind"] == "function"}


_RULES: Final[tuple[Callable[[Document, Host], Iterator[str]], ...]] = (
    _marker,
    _found_when_read,
    _tags,
    _indices,
    _imports,
    _import_types,
    _made_once,
    _start_types,
    _allocator,
    _callbacks,
)
