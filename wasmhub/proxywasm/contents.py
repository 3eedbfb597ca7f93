"""What a module is made of, as far as people look at it: how much of each, and what it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wasmhub.proxywasm.escaping import escaped

if TYPE_CHECKING:
    from wasmhub.module import Module
    from wasmhub.module.model import Memory

LISTED: Final = 100  # of memories and of custom sections; compilers make one and a dozen


def contents_of(module: Module) -> dict[str, Any]:
    """Return the shape of ``contents``, which docs/api.md tells; sizes are in bytes."""
    producers = module.producers
    fields = {
        "language": producers.language,
        "processed-by": producers.processed_by,
        "sdk": producers.sdk,
    }
    return {
        "functions": module.functions,
        "tables": len(module.tables),
        "globals": len(module.globals),
        "element_segments": module.elements,
        "data_segments": module.data_segments,
        "start": module.start is not None,
        "memories": [_memory(each) for each in module.memories[:LISTED]],
        "custom_sections": [
            {"name": escaped(each.name), "size": each.size}
            for each in module.custom_sections[:LISTED]
        ],
        "producers": [
            {"field": field, "name": escaped(name), "version": escaped(version)}
            for field, values in fields.items()
            for name, version in values.items()
        ],
        "source_map": None if module.source_map is None else escaped(module.source_map),
    }


def _memory(memory: Memory) -> dict[str, Any]:
    maximum = memory.maximum
    return {
        "minimum": memory.minimum * memory.page_bytes,
        "maximum": None if maximum is None else maximum * memory.page_bytes,
        "imported": memory.imported,
        "shared": memory.is_shared,
    }
