"""The forms that the hub packs beside an image: whatever names them follows the original."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog.models import Extension, Manifest, Release, Tag, Verdict
from catalog.services import (
    Judgement,
    accept_manifest,
    open_extension,
    record_conversion,
    record_verdict,
)
from core.actor import Actor
from tests.catalog.conftest import FACTS, release
from wasmhub.oci import sha256_of
from wasmhub.oci.media import OCI_MANIFEST

pytestmark = pytest.mark.django_db
FORM = b"{}"


def converted(original: Manifest) -> Manifest:
    form = record_conversion(
        original=original,
        form="canonical",
        digest=str(sha256_of(FORM)),
        media_type=OCI_MANIFEST,
        content=FORM,
    )
    assert form is not None
    return form


@pytest.mark.parametrize("when", ["before the form", "before the verdict", "after the verdict"])
def test_what_names_a_form_passes_with_its_original(
    alice: Actor, extension: Extension, when: str
) -> None:
    original = release(alice, extension, "auth", "1.0.0", Verdict.PENDING)
    steps: dict[str, Callable[[], object]] = {
        "before the form": lambda: converted(original),
        "before the verdict": lambda: record_verdict(
            manifest=Manifest.objects.get(pk=original.pk),
            judgement=Judgement(Verdict.PASSED, 1, FACTS),
        ),
        "after the verdict": lambda: None,
    }

    for step, do in steps.items():
        if step == when:
            for tag in ("9.9.9", "edge"):
                accept_manifest(
                    actor=alice,
                    extension=extension,
                    digest=str(sha256_of(FORM)),
                    media_type=OCI_MANIFEST,
                    content=FORM,
                    has_module=True,
                    tag=tag,
                )
        do()

    form = Manifest.objects.get(extension=extension, digest=str(sha256_of(FORM)))
    assert form.verdict == Verdict.PASSED
    assert Release.objects.get(version="9.9.9").passed is not None
    assert Tag.objects.get(name="edge").served == form


def test_others_who_push_the_bytes_change_no_facts(
    alice: Actor, mallory: Actor, extension: Extension
) -> None:
    theirs = open_extension(actor=mallory, namespace="mallory", name="jwt", visibility="private")
    declared = {"auth": release(alice, extension, "auth", "1.0.0", Verdict.PENDING)}
    declared["evil"] = release(mallory, theirs, "evil", "1.0.0", Verdict.PENDING)

    for root_id, manifest in declared.items():
        facts = {**FACTS, "root_ids": [root_id]}
        packaging = {"root_ids": [root_id]}
        record_verdict(
            manifest=manifest,
            judgement=Judgement(Verdict.PASSED, 1, facts, packaging=packaging),
        )

    for root_id, manifest in declared.items():
        assert Manifest.objects.get(pk=manifest.pk).facts["root_ids"] == [root_id]
