"""Tell the search indexes, in the transaction of the change, what they have to read again."""

from __future__ import annotations

from django.db import connection

from catalog.models import SearchChange


def note_change(extension_id: int) -> None:
    """Note that something which a search shows of the extension has changed."""
    number = 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            number = cursor.fetchone()[0]
    SearchChange.objects.create(extension_id=extension_id, transaction=number)
