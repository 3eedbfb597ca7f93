"""
Deploy manifests: a release and the user's options become YAML for a target.

A new target is one new module in `targets/`; nothing else names it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from wasmhub.manifests import targets
from wasmhub.manifests.errors import InvalidOptionError, RenderError, UnknownTargetError
from wasmhub.manifests.model import Manifest, ModuleSource, Options
from wasmhub.manifests.yaml_text import write_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmhub.manifests.model import Renderer

__all__ = [
    "RENDERERS",
    "InvalidOptionError",
    "Manifest",
    "ModuleSource",
    "Options",
    "RenderError",
    "UnknownTargetError",
    "render",
]

RENDERERS: Final[Mapping[str, Renderer]] = MappingProxyType(
    {
        module.name.replace("_", "-"): import_module(f"{targets.__name__}.{module.name}").render
        for module in iter_modules(targets.__path__)
    }
)


def render(target: str, source: ModuleSource, options: Options | None = None) -> str:
    """Write the YAML that deploys `source` on `target`, or raise a RenderError."""
    renderer = RENDERERS.get(target)
    if renderer is None:
        raise UnknownTargetError(f"Unknown target; known are {', '.join(RENDERERS)}.")
    try:
        return write_yaml(renderer(source, options or Options()))
    except RecursionError:
        raise InvalidOptionError("The configuration is nested too deep.") from None
