"""Which release of which proxy offers what: the table of ``proxies.toml``, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.abi import WASI_MODULES, WASI_TYPES, host_functions

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA: Final = "proxies.toml"
_ENVOY: Final = "envoy"


@dataclass(frozen=True, slots=True)
class Host:
    """
    One generation of the proxies' Wasm host, by the commit that began it.

    ``env`` and ``wasi`` name the functions that it offers beside those of the ABI; ``starts`` the
    functions that it calls at start, if the module exports them.
    """

    commit: str
    env: frozenset[str]
    wasi: frozenset[str]
    starts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a proxy, such as ``istio`` ``1.28``; without a source its host is assumed."""

    proxy: str
    version: str
    host: Host
    source: str = ""


@cache
def hosts() -> Mapping[str, Host]:
    """Return the generations of the host, oldest first, by their commits."""
    found: dict[str, Host] = {}
    env: frozenset[str] = frozenset()
    wasi: frozenset[str] = frozenset()
    for row in _table()["hosts"]:
        env |= set(row.get("env", ()))
        wasi |= set(row.get("wasi", ()))
        found[row["commit"]] = Host(row["commit"], env, wasi, frozenset(row["starts"]))
    return found


@cache
def releases() -> tuple[Release, ...]:
    """Return every release that the table has, newest first for each proxy, Envoy before others."""
    rows = _table()["releases"]
    commits = {row["version"]: row["host"] for row in rows if row["proxy"] == _ENVOY}
    return tuple(
        Release(
            row["proxy"],
            row["version"],
            hosts()[commits[row["envoy"]] if "envoy" in row else row["host"]],
            row.get("source", ""),
        )
        for row in rows
    )


@cache
def offer(host: Host, abi: str) -> Mapping[tuple[str, str], str]:
    """Map module and name of each function that a host offers under an ABI to its type."""
    functions = host_functions(abi)
    found = {
        ("env", name): type_
        for name, type_ in functions.items()
        if name.startswith("proxy_") or name in host.env
    }
    for module in WASI_MODULES:
        found |= {(module, name): WASI_TYPES[name] for name in host.wasi}
    return found


@cache
def _table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(resources.files(__package__).joinpath(_DATA).read_text())
