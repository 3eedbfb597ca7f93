"""Extensions, what was pushed to them, and what the hub found out about it."""

from catalog.models.extensions import Extension, ExtensionQuerySet, SearchChange
from catalog.models.manifests import Manifest, Module, Verdict
from catalog.models.releases import Release, Tag

__all__ = [
    "Extension",
    "ExtensionQuerySet",
    "Manifest",
    "Module",
    "Release",
    "SearchChange",
    "Tag",
    "Verdict",
]
