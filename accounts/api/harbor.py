"""Who is asking, in Harbor 1.x's words: what ``wasme login`` checks its credentials with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.errors import NotSignedInError

if TYPE_CHECKING:
    from rest_framework.request import Request


class CurrentUserView(APIView):
    """The person behind the access token; every other status than 200 is a failed login."""

    schema = None  # a dead tool's dialect is no part of our API

    def get(self, request: Request) -> Response:
        """
        Return the person.

        :raises NotSignedInError: no credentials came along
        """
        person = request.user
        if not isinstance(person, User):
            raise NotSignedInError("Send your user name, and an access token as the password.")
        return Response(
            {
                "user_id": person.pk,
                "username": person.username,
                # A token for pulling says nothing of its owner's address.
                "email": "",
                "realname": person.get_full_name() or person.username,
                "comment": "",
                "deleted": False,
                "role_name": "",
                "role_id": 0,
                "sysadmin_flag": False,
                "creation_time": person.date_joined,
                "update_time": None,
            }
        )
