"""Read JSON that every other reader must understand the same way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from wasmhub.oci.errors import InvalidManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_DEPTH: Final = 32
_TOO_DEEP: Final = f"A manifest nests its objects and lists at most {MAX_DEPTH} deep."


def read_object(body: bytes) -> dict[str, Any]:
    """Read one JSON object from UTF-8 bytes, or raise InvalidManifestError."""
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object_without_repeats,
            parse_constant=_refuse_constant,
        )
    except InvalidManifestError:
        raise
    except RecursionError:
        raise InvalidManifestError(_TOO_DEEP) from None
    except ValueError:  # bad UTF-8, bad JSON, a number of thousands of digits
        raise InvalidManifestError("A manifest is JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise InvalidManifestError("A manifest is a JSON object.")
    _refuse_depth(document)
    return document


def refuse_look_alike_keys(
    document: Mapping[str, object], fields: frozenset[str], where: str
) -> None:
    """Refuse `Layers` beside or in place of `layers`: Go readers take them for the same."""
    folded = {field.casefold() for field in fields}
    for key in document:
        if key not in fields and key.casefold() in folded:
            raise InvalidManifestError(
                f"The {where} spells a known field's name with other letters; "
                "some readers would take it for that field."
            )


def _object_without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    document = dict(pairs)
    if len(document) != len(pairs):
        raise InvalidManifestError("A manifest may not repeat a key within one object.")
    return document


def _refuse_constant(_name: str) -> NoReturn:
    raise InvalidManifestError("A manifest may not contain NaN or Infinity.")


def _refuse_depth(document: dict[str, Any]) -> None:
    """Bound the depth level by level: what is accepted must not hang on the caller's stack."""
    level: list[dict[str, Any] | list[Any]] = [document]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _containers_in(node)]
        if not level:
            return
    raise InvalidManifestError(_TOO_DEEP)


def _containers_in(node: dict[str, Any] | list[Any]) -> Iterable[dict[str, Any] | list[Any]]:
    values = node.values() if isinstance(node, dict) else node
    return (value for value in values if isinstance(value, (dict, list)))
