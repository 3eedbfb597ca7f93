"""What changes between two releases of a module, from the facts of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The facts that are one value each, in the order in which they are shown.
SINGLE: Final = ("size", "abi", "language", "sdk", "kind")


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that has another value now; None where it is not known."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Movement:
    """What came and what went of a list, each in the order of its own release."""

    gained: tuple[Any, ...] = ()
    lost: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)

    def as_json(self) -> dict[str, list[Any]]:
        return {"gained": list(self.gained), "lost": list(self.lost)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between two modules; of two equal ones there are none."""

    same: bool
    facts: tuple[FactChange, ...]
    capabilities: Movement
    contexts: Movement
    root_ids: Movement
    imports: Movement
    exports: Movement

    @property
    def reaches_further(self) -> bool:
        """Tell whether the newer one can do what the older one could not: look twice."""
        return bool(self.capabilities.gained)

    def as_json(self) -> dict[str, Any]:
        """Return the shape that REST and the command line share."""
        return {
            "same": self.same,
            "facts": [
                {"name": each.name, "before": each.before, "after": each.after}
                for each in self.facts
            ],
            "capabilities": self.capabilities.as_json(),
            "contexts": self.contexts.as_json(),
            "root_ids": self.root_ids.as_json(),
            "imports": self.imports.as_json(),
            "exports": self.exports.as_json(),
        }


def advice(older: str) -> str:
    """Say what to do when the newer one can do more than ``older``, which is how it is called."""
    return f"It asks for what {older} did not. Look at what it is for before you deploy it."


def compare(older: Mapping[str, Any], newer: Mapping[str, Any]) -> Comparison:
    """Compare the facts of two modules, both in the fixed shape."""
    return Comparison(
        same=older["sha256"] == newer["sha256"],
        facts=tuple(
            FactChange(name, older.get(name), newer.get(name))
            for name in SINGLE
            if older.get(name) != newer.get(name)
        ),
        capabilities=_moved(older, newer, "capabilities"),
        contexts=_moved(older, newer, "contexts"),
        root_ids=_moved(older, newer, "root_ids"),
        imports=_moved(older, newer, "imports"),
        exports=_moved(older, newer, "exports"),
    )


def _moved(older: Mapping[str, Any], newer: Mapping[str, Any], name: str) -> Movement:
    before, after = _by_key(older.get(name, ())), _by_key(newer.get(name, ()))
    return Movement(
        gained=tuple(each for key, each in after.items() if key not in before),
        lost=tuple(each for key, each in before.items() if key not in after),
    )


def _by_key(listed: Sequence[Any]) -> dict[object, Any]:
    """Map each entry by all that tells it from others; an import counts once."""
    return {tuple(each.items()) if isinstance(each, dict) else each: each for each in listed}
