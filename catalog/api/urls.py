"""``/api/v1``: what the catalog offers to programs."""

from django.urls import path

from accounts.api.harbor import CurrentUserView
from catalog.api import harbor, modules, moving, views

EXTENSION = "extensions/<str:namespace>/<str:name>"
RELEASE = f"{EXTENSION}/releases/<str:version>"

urlpatterns = [
    path("search", views.SearchView.as_view(), name="search"),
    path(EXTENSION, views.ExtensionView.as_view(), name="extension"),
    path(f"{EXTENSION}/rename", moving.RenameView.as_view(), name="rename"),
    path(f"{EXTENSION}/transfer", moving.TransferView.as_view(), name="transfer"),
    path("orgs/<str:namespace>/rules", moving.RulesView.as_view(), name="rules"),
    path(f"{EXTENSION}/compare/<str:span>", modules.CompareView.as_view(), name="compare"),
    path(f"{EXTENSION}/releases", views.ReleasesView.as_view(), name="releases"),
    path(RELEASE, views.ReleaseView.as_view(), name="release"),
    path(f"{RELEASE}/facts", modules.FactsView.as_view(), name="facts"),
    path(f"{RELEASE}/findings", modules.FindingsView.as_view(), name="findings"),
    path(f"{RELEASE}/compatibility", modules.CompatibilityView.as_view(), name="compatibility"),
    path(f"{RELEASE}/capabilities", modules.CapabilitiesView.as_view(), name="capabilities"),
    path(f"{RELEASE}/packaging", modules.PackagingView.as_view(), name="packaging"),
    path(f"{RELEASE}/manifests/<str:target>", views.ManifestView.as_view(), name="manifest"),
]

# ``/api``: where ``wasme`` expects Harbor 1.x.
harbor_urlpatterns = [
    path("users/current", CurrentUserView.as_view()),
    path("projects", harbor.ProjectsView.as_view()),
    path("repositories", harbor.RepositoriesView.as_view()),
    path("search", harbor.HarborSearchView.as_view()),
    path("repositories/<str:namespace>/<str:name>/tags", harbor.HarborTagsView.as_view()),
]
