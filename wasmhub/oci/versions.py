"""Release versions: tags of the form `v?X.Y.Z[-pre]`, ordered as Semantic Versioning 2.0.0 says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Final, Literal

from wasmhub.oci.errors import InvalidVersionError
from wasmhub.oci.names import TAG_MAX_LENGTH

# 18 digits fit a signed 64-bit column; a longer number would be accepted here and fail there.
_NUMBER: Final = r"(0|[1-9][0-9]{0,17}+)"
_IDENTIFIER: Final = r"(?:[0-9]*+[A-Za-z-][0-9A-Za-z-]*+|0|[1-9][0-9]*+)"
_VERSION: Final = re.compile(
    rf"v?{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*+))?"
)
Conversion = Literal["canonical", "cncf"]
CONVERSIONS: Final[tuple[Conversion, ...]] = ("canonical", "cncf")
_RULE: Final = (
    "A release version is X.Y.Z or X.Y.Z-pre, with or without a leading v: numbers without "
    "leading zeros and at most 18 digits long, and no +build part."
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """Hold a release's version; `v1.2.0` and `1.2.0` are one."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    def __str__(self) -> str:
        """Write the canonical form, without the v."""
        core = f"{self.major}.{self.minor}.{self.patch}"
        return f"{core}-{self.prerelease}" if self.prerelease else core

    def __lt__(self, other: Version) -> bool:
        return self._precedence() < other._precedence()

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read a release tag, or raise InvalidVersionError."""
        match = _VERSION.fullmatch(text) if len(text) <= TAG_MAX_LENGTH else None
        if match is None:
            raise InvalidVersionError(_RULE)
        major, minor, patch, prerelease = match.groups()
        return cls(int(major), int(minor), int(patch), prerelease or "")

    @property
    def is_prerelease(self) -> bool:
        """Tell whether the version has a pre-release part."""
        return bool(self.prerelease)

    def _precedence(self) -> tuple[int, int, int, bool, list[tuple[bool, int, str]]]:
        # SemVer §11: a release follows its pre-releases; numbers come before words.
        identifiers = [
            (False, int(part), "") if part.isdecimal() else (True, 0, part)
            for part in self.prerelease.split(".")
        ]
        return self.major, self.minor, self.patch, not self.prerelease, identifiers


def is_release_tag(tag: str) -> bool:
    """Tell whether a tag names a release rather than being a moving tag."""
    try:
        Version.parse(tag)
    except InvalidVersionError:
        return False
    return True


def converted_tag(conversion: str, version: Version) -> str | None:
    """Return the tag of a release's converted image; None when it would be too long for a tag."""
    tag = f"{conversion}-{version}"
    return tag if len(tag) <= TAG_MAX_LENGTH else None


def is_converted_tag(tag: str) -> bool:
    """Tell whether a tag names what the hub itself converts: nobody may push to it."""
    conversion, hyphen, version = tag.partition("-")
    return bool(hyphen) and conversion in CONVERSIONS and is_release_tag(version)
