"""The catalog's pages. ``/<namespace>`` stands at the top level: keep these last."""

from django.urls import path

from catalog import views

app_name = "catalog"

urlpatterns = [
    path("<slug:namespace>", views.namespace, name="namespace"),
    path("<slug:namespace>/<str:name>", views.extension, name="extension"),
    path("<slug:namespace>/<str:name>/versions", views.versions, name="versions"),
    path("<slug:namespace>/<str:name>/versions/<str:version>", views.version, name="version"),
    path("<slug:namespace>/<str:name>/versions/<str:version>/status", views.status, name="status"),
    path("<slug:namespace>/<str:name>/abi", views.abi, name="abi"),
    path("<slug:namespace>/<str:name>/compare", views.compare_chosen, name="compare-chosen"),
    path("<slug:namespace>/<str:name>/compare/<str:span>", views.compare, name="compare"),
    path("<slug:namespace>/<str:name>/settings", views.settings, name="settings"),
]
