"""``/api/v1``: what the sandbox offers to programs."""

from django.urls import path

from catalog.api.urls import RELEASE
from validation.api.views import TrialsView

urlpatterns = [
    path(f"{RELEASE}/trials", TrialsView.as_view(), name="trials"),
]
