"""Garbage collection: what nothing names goes, and nothing else does."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from catalog.models import Extension
from core import leases
from core.content import claim, content_store
from core.models import Content
from registry.collecting import LEASE, LEASE_TERM, collect
from registry.models import BlobLink
from tests.registry.driving import DATABASE, OCI_INDEX, Client, sha256

pytestmark = DATABASE

AGO = timedelta(hours=3)
BLOB = b"nothing names me"
HEX = sha256(BLOB).removeprefix("sha256:")


def let_pass(time: timedelta = AGO) -> None:
    """Make everything that was touched lie so far back."""
    BlobLink.objects.update(touched=timezone.now() - time)
    Content.objects.update(touched=timezone.now() - time)
    Extension.objects.update(created=timezone.now() - time)


def test_a_blob_that_nothing_names_goes_after_the_grace(registry: Client) -> None:
    registry.push_blob("acme/jwt", BLOB)

    at_once = collect()
    let_pass()
    later = collect()

    assert at_once == 0
    assert later == 3  # the link, the bytes, and the extension that was opened for them
    assert content_store().stat(HEX) is None
    assert registry("HEAD", f"/v2/acme/jwt/blobs/{sha256(BLOB)}").status_code == 404
    assert not Content.objects.filter(pk=HEX).exists()


def test_what_a_manifest_names_stays(registry: Client) -> None:
    packed = registry.push("acme/jwt", "1.0.0")
    let_pass()

    assert collect() == 0

    for blob in (packed.config, packed.layer):
        answer = registry("GET", f"/v2/acme/jwt/blobs/{blob.digest}")
        assert answer.content == blob.data


def test_who_is_told_that_a_blob_is_there_can_rely_on_it(registry: Client) -> None:
    registry.push_blob("acme/jwt", BLOB)
    let_pass()

    assert registry("HEAD", f"/v2/acme/jwt/blobs/{sha256(BLOB)}").status_code == 200

    assert collect() == 0
    assert registry("GET", f"/v2/acme/jwt/blobs/{sha256(BLOB)}").content == BLOB


def test_bytes_stay_while_any_repository_links_them(registry: Client) -> None:
    registry.push_blob("acme/jwt", BLOB)
    let_pass()
    mount = f"/v2/acme/other/blobs/uploads/?mount={sha256(BLOB)}&from=acme/jwt"
    assert registry("POST", mount, also="repository:acme/jwt:pull").status_code == 201

    collect()

    assert registry("GET", f"/v2/acme/jwt/blobs/{sha256(BLOB)}").status_code == 404
    assert registry("GET", f"/v2/acme/other/blobs/{sha256(BLOB)}").content == BLOB


def test_a_manifest_that_only_its_digest_names_stays(registry: Client) -> None:
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    content = json.dumps(index).encode()
    registry.push_manifest("acme/jwt", sha256(content), content, media_type=OCI_INDEX)
    let_pass()

    assert collect() == 0
    assert registry("GET", f"/v2/acme/jwt/manifests/{sha256(content)}").content == content


def test_a_dry_run_tells_and_changes_nothing(registry: Client) -> None:
    registry.push_blob("acme/jwt", BLOB)
    let_pass()
    told: list[str] = []

    assert collect(dry_run=True, tell=told.append) == 1

    assert told == [f"bloblink {sha256(BLOB)} in acme/jwt"]
    assert content_store().stat(HEX) == len(BLOB)


def test_one_collector_at_a_time(db: None) -> None:
    leases.take(LEASE, holder="another", term=LEASE_TERM)

    with pytest.raises(CommandError, match="at work"):
        call_command("collect_garbage")


class TestACollectorThatDied:
    """It had marked the content; whether it deleted the bytes, nobody knows."""

    @pytest.fixture(autouse=True)
    def marked(self, registry: Client) -> None:
        registry.push_blob("acme/jwt", BLOB)
        BlobLink.objects.all().delete()
        Content.objects.filter(pk=HEX).update(deleting=timezone.now() - AGO)

    def test_is_followed_by_one_that_finishes(self) -> None:
        collect()

        assert content_store().stat(HEX) is None
        assert not Content.objects.filter(pk=HEX).exists()

    def test_does_not_stop_a_push_of_the_same_bytes(self, registry: Client) -> None:
        assert registry.push_blob("acme/jwt", BLOB).status_code == 201

        assert registry("GET", f"/v2/acme/jwt/blobs/{sha256(BLOB)}").content == BLOB
        collect()
        assert content_store().stat(HEX) == len(BLOB)


def test_a_push_waits_for_the_bytes_to_be_gone() -> None:
    Content.objects.create(sha256=HEX, touched=timezone.now(), deleting=timezone.now())
    claimed = threading.Event()

    def push() -> None:
        try:
            claim(HEX)
            claimed.set()
        finally:
            connection.close()

    thread = threading.Thread(target=push)
    thread.start()
    too_early = claimed.wait(0.3)
    Content.objects.filter(pk=HEX).delete()
    thread.join()

    assert not too_early
    assert Content.objects.get(pk=HEX).deleting is None


class TestChecking:
    def test_says_what_is_lost_and_what_is_damaged(
        self, registry: Client, store_folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        packed = registry.push("acme/jwt", "1.0.0")
        call_command("check_store")
        lost, damaged = (
            store_folder / "sha256" / digest.hex[:2] / digest.hex
            for digest in (packed.layer.digest, packed.config.digest)
        )
        lost.unlink()
        damaged.write_bytes(b"other bytes")

        with pytest.raises(CommandError, match="2 wrong"):
            call_command("check_store")

        told = capsys.readouterr().out
        assert f"The blob {packed.layer.digest} of acme/jwt" in told
        assert f"other bytes than {packed.config.digest}" in told
