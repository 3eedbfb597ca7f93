"""
Read YAML of strangers: one document, no aliases, bounded in size, depth and number of parts.

Aliases are refused rather than followed: a few lines of them unfold to gigabytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import yaml

from wasmhub.oci.errors import OciError

if TYPE_CHECKING:
    from collections.abc import Callable

YAML_MAX_BYTES: Final = 64 * 1024
_MAX_DEPTH: Final = 32
_MAX_NODES: Final = 10_000
_INT_MAX: Final = 2**63 - 1
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_FLOAT: Final = re.compile(
    r"[-+]?[0-9]{1,20}(?:\.[0-9]{0,20}(?:[eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})"
)
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


class UnsafeYamlError(OciError):
    """A document is no YAML, or more than a description of a plugin needs."""


def read_yaml(data: bytes) -> tuple[Json, Json]:
    """
    Read a document, or raise UnsafeYamlError: once with its values, once with texts only.

    Values are those that JSON has, with the words of JSON and YAML 1.2; dates, `yes` and `010`
    are texts in both.
    """
    if len(data) > YAML_MAX_BYTES:
        raise UnsafeYamlError("The YAML document has more than 64 KiB.")
    try:
        text = data.decode()
        _refuse_bombs(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnsafeYamlError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError):
        raise UnsafeYamlError("The document is not one YAML document in UTF-8.") from None
    if node is None:
        return None, None
    return _json(node, _value), _json(node, _text)


def _refuse_bombs(text: str) -> None:
    """Look at the events only, which take no more memory than the text."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise UnsafeYamlError("The YAML document has an alias; write the value out.")
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or nodes > _MAX_NODES:
            raise UnsafeYamlError("The YAML document has too many parts or nests them too deep.")


def _json(node: yaml.Node, scalar: Callable[[yaml.ScalarNode], Json]) -> Json:
    if isinstance(node, yaml.MappingNode):
        return {_key(key): _json(value, scalar) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_json(each, scalar) for each in node.value]
    return scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise UnsafeYamlError("A key of the YAML document is no text.")
    return _text(node)


def _text(node: yaml.ScalarNode) -> str:
    # YAML can write both, PostgreSQL can store neither.
    text = str(node.value)
    if _UNSTORABLE.search(text):
        raise UnsafeYamlError("The YAML document has a NUL or half a surrogate pair.")
    return text


def _value(node: yaml.ScalarNode) -> Json:
    text = _text(node)
    if node.style is not None:  # in quotes, or a block
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.fullmatch(text) and abs(int(text)) <= _INT_MAX:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
