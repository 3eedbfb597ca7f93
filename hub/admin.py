"""The pages of the site's staff: what is looked into, and nothing that has a page of its own."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite

from catalog.admin import ProofAdmin
from catalog.models import Proof

staff_site = AdminSite(name="admin")
staff_site.site_header = staff_site.site_title = "WebAssembly Hub"
staff_site.index_title = "For the staff"
# Staff signs in like everybody else, with the same limits on guessing.
staff_site.login = secure_admin_login(staff_site.login)  # type: ignore[method-assign]
staff_site.register(Proof, ProofAdmin)
