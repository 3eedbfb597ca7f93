"""Write down what may be lost: a database that can only be read lets people read, too."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)


def note(rows: QuerySet[Any], **values: object) -> None:
    """Update the rows, such as with when they were used last; log it when that cannot be done."""
    try:
        with transaction.atomic(using=rows.db):
            rows.update(**values)
    except DatabaseError:
        logger.exception("Could not note %s of %s.", ", ".join(values), rows.model.__name__)
