"""The room's page, below an extension's; the catalog's own come after it."""

from django.urls import path

from validation import views

app_name = "validation"

urlpatterns = [
    path("<slug:namespace>/<str:name>/try", views.try_out, name="try"),
]
