"""Write YAML that every reader understands alike, whatever texts go into it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from wasmhub.manifests.model import Manifest

# YAML 1.1 and 1.2 readers disagree about texts such as y, on, 1e3 or 0o7 without quotes, so only
# plain words go without.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*+(?::[A-Za-z0-9_./@-]++)*+")
_SPECIAL: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_WIDTH: Final = 2**31  # never fold a line


class _Dumper(yaml.SafeDumper):
    """Write every value in full, without anchors and aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _SPECIAL
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if is_plain else '"')


_Dumper.add_representer(str, _represent_text)


def write_yaml(manifest: Manifest) -> str:
    """Write a manifest as ASCII text: no comment or value can leave its place."""
    comments = "".join(f"# {_one_line(comment)}\n" for comment in manifest.comments)
    return comments + yaml.dump_all(
        manifest.documents, Dumper=_Dumper, sort_keys=False, width=_WIDTH
    )


def _one_line(text: str) -> str:
    # U+0085, U+2028 and U+2029 end a line too in YAML 1.1; ASCII has none of them.
    return _CONTROLS.sub(" ", text).encode("ascii", "backslashreplace").decode()
