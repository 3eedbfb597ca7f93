"""Every route of Django's half. ``hub.asgi`` sends /v2/, /token and /download/ to the registry."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularJSONAPIView

from accounts.urls import sign_in_urlpatterns
from catalog import views as catalog
from catalog.api.urls import harbor_urlpatterns
from hub import views
from hub.admin import staff_site

api_urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "openapi.json",
        SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[]),
        name="openapi",
    ),
    path("", include("validation.api.urls")),
    path("", include("catalog.api.urls")),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("search", catalog.search, name="search"),
    path("new", catalog.new, name="new"),
    path("docs/", views.docs, name="docs-index"),
    path("docs/<path:page>", views.docs, name="docs"),
    path("theme", views.theme, name="theme"),
    path("styleguide", views.styleguide, name="styleguide"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("robots.txt", views.robots, name="robots"),
    path("api/v1/", include((api_urlpatterns, "api"))),
    path("api/", include(harbor_urlpatterns)),
    path("admin/", staff_site.urls),
    *sign_in_urlpatterns,
    path("", include("accounts.urls")),
    path("", include("validation.urls")),
    path("", include("catalog.urls")),
]

handler400 = "hub.views.bad_request"
handler403 = "hub.views.forbidden"
handler404 = "hub.views.not_found"
handler500 = "hub.views.server_error"
