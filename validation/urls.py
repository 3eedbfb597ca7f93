"""The room's pages, below an extension's; the catalog's own come after it."""

from django.urls import path

from validation import views

app_name = "validation"

TRY = "<slug:namespace>/<str:name>/try"

urlpatterns = [
    path(TRY, views.try_out, name="try"),
    path(f"{TRY}/examples", views.new_example, name="new-example"),
    path(f"{TRY}/examples/<str:example>", views.edit_example, name="edit-example"),
    path(f"{TRY}/examples/<str:example>/delete", views.delete_example, name="delete-example"),
]
