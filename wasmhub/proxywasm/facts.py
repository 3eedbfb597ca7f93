"""What reading a module says: the shape that pages, REST and the command line share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wasmhub.module import ModuleError, kind_of, read_module
from wasmhub.proxywasm.abi import HTTP_CALLBACKS, TCP_CALLBACKS, abi_of
from wasmhub.proxywasm.capabilities import capabilities_of
from wasmhub.proxywasm.contents import contents_of
from wasmhub.proxywasm.declared import declared_by
from wasmhub.proxywasm.escaping import escaped
from wasmhub.proxywasm.origin import language_of, sdk_of

if TYPE_CHECKING:
    from wasmhub.module import Export, Import, Kind, Module


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Facts of one module; see DESIGN's fixed shapes. For what is no module most are empty.

    ``obstacles`` are findings that keep every proxy from loading it and that imports and exports do
    not show. The shape has them only if there are any. ``features`` are those that sections show or
    compilers declare, until an engine was asked. The shape has them, and ``contents``, of modules.
    """

    sha256: str
    size: int
    kind: Kind
    abi: str | None = None
    contexts: tuple[str, ...] = ()
    language: str | None = None
    sdk: str | None = None
    root_ids: tuple[str, ...] = ("",)
    imports: tuple[Import, ...] = ()
    exports: tuple[Export, ...] = ()
    capabilities: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    module: Module | None = field(default=None, repr=False, compare=False)

    @property
    def exported_functions(self) -> dict[str, str]:
        """Map the names of the exported functions to their types: all that a host looks at."""
        return {each.name: each.type for each in self.exports if each.kind == "function"}

    def as_json(self) -> dict[str, Any]:
        """Return the fixed shape; strangers' names are escaped and cut to be fit for any store."""
        return {
            "sha256": self.sha256,
            "size": self.size,
            "kind": self.kind,
            "abi": self.abi,
            "contexts": list(self.contexts),
            "language": self.language,  # one of our own names
            "sdk": None if self.sdk is None else escaped(self.sdk),
            "root_ids": [escaped(each) for each in self.root_ids],
            "imports": [
                {
                    "module": escaped(each.module),
                    "name": escaped(each.name),
                    "kind": each.kind,
                    "type": each.type,
                }
                for each in self.imports
            ],
            "exports": [
                {"name": escaped(each.name), "kind": each.kind, "type": each.type}
                for each in self.exports
            ],
            "capabilities": list(self.capabilities),
            **({"obstacles": list(self.obstacles)} if self.obstacles else {}),
            **self._of_a_module(),
        }

    def _of_a_module(self) -> dict[str, Any]:
        if self.module is None:
            return {}
        features = [escaped(each) for each in self.features]
        return {"features": features, "contents": contents_of(self.module)}


def facts_of(data: bytes, runtime_config: bytes | None = None) -> Facts:
    """Read the facts of any bytes; ``runtime_config`` is the image's runtime-config.json."""
    sha256 = hashlib.sha256(data).hexdigest()
    kind = kind_of(data)
    if kind != "module":
        return Facts(sha256, len(data), kind)
    try:
        module = read_module(data)
    except ModuleError:
        return Facts(sha256, len(data), "invalid")
    names = {each.name for each in module.exports if each.kind == "function"}
    contexts = [("http", HTTP_CALLBACKS), ("tcp", TCP_CALLBACKS)]
    return Facts(
        sha256=sha256,
        size=len(data),
        kind="module",
        abi=abi_of(module.exports),
        contexts=tuple(name for name, callbacks in contexts if names & callbacks),
        language=language_of(module, data),
        sdk=sdk_of(module, data),
        root_ids=declared_root_ids(runtime_config) or ("",),
        imports=module.imports,
        exports=module.exports,
        capabilities=tuple(capabilities_of(module)),
        features=module.features,
        module=module,
    )


def declared_root_ids(runtime_config: bytes | None) -> tuple[str, ...]:
    """Return the root ids that a runtime-config.json declares, in both spellings; junk is none."""
    return declared_by(runtime_config).root_ids
