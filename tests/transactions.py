"""The mark of tests that no one transaction can hold: their threads use the database too."""

from __future__ import annotations

import pytest
from django.apps import apps

# Naming all apps spares each flush the making of Django's own permissions.
TRANSACTIONS = pytest.mark.django_db(
    transaction=True, available_apps=[app.name for app in apps.get_app_configs()]
)
