"""What wasme's runtime-config.json says of a module: claims of its author, in both spellings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wasmhub.oci.errors import InvalidManifestError
from wasmhub.oci.strict_json import read_object
from wasmhub.proxywasm.facts import declared_root_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNTIME_CONFIG_MAX_BYTES: Final = 64 * 1024
_TEXT_MAX: Final = 256
_LIST_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """Hold the declared type, ABI versions and root ids; empty where nothing is declared."""

    type: str = ""
    abi_versions: tuple[str, ...] = ()
    root_ids: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the shape that pages, REST and the command line share."""
        return {
            "type": self.type,
            "abi_versions": list(self.abi_versions),
            "root_ids": list(self.root_ids),
        }


def read_runtime_config(data: bytes) -> RuntimeConfig | None:
    """Read a runtime-config.json; None when it is none. Odd parts count as not declared."""
    if len(data) > RUNTIME_CONFIG_MAX_BYTES:
        return None
    try:
        document = read_object(data)
    except InvalidManifestError:
        return None
    kind = document.get("type")
    return RuntimeConfig(
        type=kind if isinstance(kind, str) and _is_short_text(kind) else "",
        abi_versions=_abi_versions(document),
        root_ids=tuple(each for each in declared_root_ids(data) if _is_short_text(each)),
    )


def _abi_versions(document: Mapping[str, Any]) -> tuple[str, ...]:
    listed = document.get("abiVersions", document.get("abi_versions"))
    if not isinstance(listed, list):
        return ()
    texts = [each for each in listed if isinstance(each, str) and _is_short_text(each)]
    return tuple(texts[:_LIST_MAX])


def _is_short_text(text: str) -> bool:
    return len(text) <= _TEXT_MAX and (text.isprintable() or not text)
