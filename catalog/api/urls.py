"""``/api/v1``: what the catalog offers to programs."""

from django.urls import path

from catalog.api import views

EXTENSION = "extensions/<str:namespace>/<str:name>"
RELEASE = f"{EXTENSION}/releases/<str:version>"

urlpatterns = [
    path("search", views.SearchView.as_view(), name="search"),
    path(EXTENSION, views.ExtensionView.as_view(), name="extension"),
    path(f"{EXTENSION}/releases", views.ReleasesView.as_view(), name="releases"),
    path(RELEASE, views.ReleaseView.as_view(), name="release"),
    path(f"{RELEASE}/facts", views.FactsView.as_view(), name="facts"),
    path(f"{RELEASE}/findings", views.FindingsView.as_view(), name="findings"),
    path(f"{RELEASE}/manifests/<str:target>", views.ManifestView.as_view(), name="manifest"),
]
