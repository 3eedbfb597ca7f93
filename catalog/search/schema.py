"""What the index knows of an extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tantivy

from catalog.models import Extension, Release, Verdict
from catalog.selectors.extensions import on_display
from wasmhub.oci import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

# Raise it when the fields below change: an index of another number is built anew.
GENERATION = 2

FACETS = ("language", "abi", "license", "category", "namespace", "capability")
# Pieces of a name this long or shorter are terms of their own; longer ones match by their ends.
SHORTEST_PIECE, LONGEST_PIECE = 2, 12


def schema() -> tantivy.Schema:
    """Return the fields: ``text`` is unstemmed for typos and beginnings, ``words`` is stemmed."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("name", tokenizer_name="plain")
    builder.add_text_field("pieces", tokenizer_name="pieces", index_option="basic")
    builder.add_text_field("title", tokenizer_name="stemmed")
    builder.add_text_field("description", tokenizer_name="stemmed")
    builder.add_text_field("readme", tokenizer_name="stemmed")
    builder.add_text_field("text", tokenizer_name="plain", index_option="basic")
    for facet in FACETS:
        builder.add_text_field(facet, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("visibility", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("updated", fast=True)
    builder.add_unsigned_field("created", fast=True)
    return builder.build()


def register_tokenizers(index: tantivy.Index) -> None:
    """Give an opened index the analysers that the schema names."""
    plain = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    plain = plain.filter(tantivy.Filter.remove_long(64)).filter(tantivy.Filter.lowercase())
    index.register_tokenizer("plain", plain.filter(tantivy.Filter.ascii_fold()).build())
    stemmed = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    stemmed = stemmed.filter(tantivy.Filter.remove_long(64)).filter(tantivy.Filter.lowercase())
    stemmed = stemmed.filter(tantivy.Filter.ascii_fold()).filter(tantivy.Filter.stemmer("english"))
    index.register_tokenizer("stemmed", stemmed.build())
    pieces = tantivy.Tokenizer.ngram(SHORTEST_PIECE, LONGEST_PIECE, prefix_only=False)
    index.register_tokenizer(
        "pieces", tantivy.TextAnalyzerBuilder(pieces).filter(tantivy.Filter.lowercase()).build()
    )


def documents(extension_ids: list[int] | None = None) -> Iterator[tuple[int, tantivy.Document]]:
    """Yield id and document of each extension with something to offer; all, or of these ids."""
    offering = Extension.objects.filter(pk__in=on_display().values("extension"))
    if extension_ids is not None:
        offering = offering.filter(pk__in=extension_ids)
    for extension in offering.select_related("namespace").iterator(chunk_size=200):
        yield extension.pk, _document(extension)


def _document(extension: Extension) -> tantivy.Document:
    facts = _facts(extension)
    document = tantivy.Document()
    document.add_text("key", str(extension.pk))
    document.add_text("name", extension.name)
    document.add_text("pieces", extension.name)
    document.add_text("title", extension.title)
    document.add_text("description", extension.description)
    document.add_text("readme", extension.readme[:20_000])
    document.add_text(
        "text",
        f"{extension.namespace.name} {extension.name} {extension.title} {extension.description}",
    )
    document.add_text("namespace", extension.namespace.name)
    document.add_text("visibility", extension.visibility)
    for facet, value in (
        ("language", facts.get("language")),
        ("abi", facts.get("abi")),
        ("license", extension.license),
        ("category", extension.category),
    ):
        if value:
            document.add_text(facet, value)
    for capability in facts.get("capabilities", []):
        document.add_text("capability", capability)
    document.add_unsigned("updated", int(extension.updated.timestamp()))
    document.add_unsigned("created", int(extension.created.timestamp()))
    return document


def _facts(extension: Extension) -> dict[str, Any]:
    """Return the facts of the newest release on offer, else of the newest such manifest."""
    passed = Release.objects.filter(
        extension=extension, manifest__verdict=Verdict.PASSED, yanked=""
    )
    newest = max(
        passed.select_related("manifest__module"),
        key=lambda each: Version.parse(each.version),
        default=None,
    )
    manifest = newest.manifest if newest else None
    if manifest is None:
        judged = on_display().filter(extension=extension)
        manifest = judged.select_related("module").order_by("-judged").first()
    return dict(manifest.module.facts) if manifest and manifest.module else {}
