"""Extensions, what was pushed to them, and what the hub found out about it."""

from catalog.models.conversions import Conversion
from catalog.models.examples import ExampleResult, ExampleState, StandardTrial, TrialExample
from catalog.models.extensions import Extension, ExtensionQuerySet, SearchChange
from catalog.models.manifests import Manifest, Module, Verdict
from catalog.models.names import Alias, Creation, NamespaceRules
from catalog.models.proofs import Proof
from catalog.models.pulls import ManifestPull, PullCount
from catalog.models.releases import Release, Tag

__all__ = [
    "Alias",
    "Conversion",
    "Creation",
    "ExampleResult",
    "ExampleState",
    "Extension",
    "ExtensionQuerySet",
    "Manifest",
    "ManifestPull",
    "Module",
    "NamespaceRules",
    "Proof",
    "PullCount",
    "Release",
    "SearchChange",
    "StandardTrial",
    "Tag",
    "TrialExample",
    "Verdict",
]
