"""``/api/v1``: what the sandbox offers to programs."""

from django.urls import path

from catalog.api.urls import EXTENSION, RELEASE
from validation.api import examples
from validation.api.views import TrialsView

urlpatterns = [
    path(f"{RELEASE}/trials", TrialsView.as_view(), name="trials"),
    path(f"{RELEASE}/examples", examples.ExampleRunsView.as_view(), name="example-runs"),
    path(f"{EXTENSION}/examples", examples.ExamplesView.as_view(), name="examples"),
    path(f"{EXTENSION}/examples/<str:example>", examples.ExampleView.as_view(), name="example"),
]
