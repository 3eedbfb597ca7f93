"""Account pages, and the few of allauth's that we offer under names of our own."""

from allauth.account import views as account
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.github import views as github
from django.conf import settings
from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("settings/tokens", views.tokens, name="tokens"),
    path("settings/tokens/<int:token_id>/revoke", views.revoke_token, name="revoke-token"),
    path("settings/organizations", views.organizations, name="organizations"),
    path("orgs/new", views.organization_new, name="organization-new"),
    path("<slug:org>/-/people", views.people, name="people"),
    path("<slug:org>/-/people/<slug:username>/remove", views.remove_person, name="remove-person"),
]

# allauth looks its pages up by these names, outside any namespace.
sign_in_urlpatterns = [
    path("login", account.login, name="account_login"),
    path("signup", account.signup, name="account_signup"),
    path("logout", account.logout, name="account_logout"),
    path("account/inactive", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate", account.reauthenticate, name="account_reauthenticate"),
    path("settings/emails", account.email, name="account_email"),
    path("confirm/sent", account.email_verification_sent, name="account_email_verification_sent"),
    path("confirm/<str:key>", account.confirm_email, name="account_confirm_email"),
    path("settings/password", account.password_change, name="account_change_password"),
    path("settings/password/set", account.password_set, name="account_set_password"),
    path("account/password/reset", account.password_reset, name="account_reset_password"),
    path(
        "account/password/reset/done",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "account/password/reset/key/<slug:uidb36>-<slug:key>",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/key/done",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("auth/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("auth/error", social.login_error, name="socialaccount_login_error"),
    path("signup/confirm", social.signup, name="socialaccount_signup"),
    path("settings/connections", social.connections, name="socialaccount_connections"),
]

if settings.HAS_GITHUB:
    sign_in_urlpatterns += [
        path("auth/github/login", github.oauth2_login, name="github_login"),
        path("auth/github/callback", github.oauth2_callback, name="github_callback"),
    ]
