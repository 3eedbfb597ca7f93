"""What only one process at a time may do: a row says who, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from core.models import Lease

if TYPE_CHECKING:
    from datetime import timedelta


def take(name: str, *, holder: str, term: timedelta) -> bool:
    """Take the lease, or renew it, for the term from now; False while somebody else has it."""
    now = timezone.now()
    mine_or_over = Q(holder=holder) | Q(until__lt=now)
    if Lease.objects.filter(mine_or_over, name=name).update(holder=holder, until=now + term):
        return True
    if Lease.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, holder=holder, until=now + term)
    except IntegrityError:
        return False
    return True


def give_up(name: str, *, holder: str) -> None:
    """Let somebody else have it at once."""
    Lease.objects.filter(name=name, holder=holder).delete()
