"""
The reads of Harbor 1.x that ``wasme`` lists with.

That tool of 2020 speaks to the hub of its day, ignores status codes and cannot page; it must be
able to parse every answer. Go's rules: lists are lists, ids and counts integers, the values of
``metadata`` strings, and a time is RFC 3339 or null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.response import Response

from catalog.api.views import HubView
from catalog.search import SearchRequest, search
from catalog.selectors.repositories import (
    found_repositories,
    offered_tags,
    projects,
    repository_names,
)
from core.errors import InvalidError

if TYPE_CHECKING:
    from rest_framework.request import Request

    from catalog.selectors.repositories import FoundRepository, OfferedTag, Project
    from core.actor import Actor

# ``wasme`` asks for the tags of everything that was found, one after another.
FOUND = 50
DIGITS = 18
# What Harbor calls its roles.
ROLES = {"owner": 1, "member": 2}


class HarborView(HubView):
    """A view in another registry's dialect."""

    schema = None  # no part of our API


class ProjectsView(HarborView):
    """Namespaces, which Harbor calls projects."""

    def get(self, request: Request) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return every namespace in which the actor sees something."""
        return Response([_project(row, self.actor) for row in projects(actor=self.actor)])


class RepositoriesView(HarborView):
    """The repositories of a project."""

    def get(self, request: Request) -> Response:
        """Return the names; hidden and absent projects are both empty."""
        project = request.query_params.get("project_id", "")
        if not (project.isascii() and project.isdecimal() and len(project) <= DIGITS):
            raise InvalidError("Give the id of a project, as ?project_id=1.")
        names = repository_names(actor=self.actor, project_id=int(project))
        return Response([{"name": name} for name in names])


class HarborSearchView(HarborView):
    """The hub's search."""

    def get(self, request: Request) -> Response:
        """Return the best matches that the actor may see."""
        asked = SearchRequest(text=request.query_params.get("q", ""), limit=FOUND)
        found = search(actor=self.actor, request=asked)
        rows = found_repositories(actor=self.actor, ids=found.ids)
        return Response({"repository": [_found(row) for row in rows]})


class HarborTagsView(HarborView):
    """The tags of a repository."""

    def get(self, request: Request, namespace: str, name: str) -> Response:  # noqa: ARG002 - the signature is the framework's
        """Return what readers get by which tag."""
        extension = self.extension(namespace, name)
        return Response([_tag(row) for row in offered_tags(extension=extension)])


def _project(row: Project, actor: Actor) -> dict[str, Any]:
    return {
        "project_id": row.id,
        "owner_id": row.owner_id,
        "name": row.name,
        "creation_time": row.created,
        "update_time": row.updated,
        "deleted": False,
        "owner_name": row.owner_name,
        "current_user_role_id": ROLES.get(actor.role_in(row.name), 0),
        "repo_count": row.repositories,
        "chart_count": 0,
        "metadata": {"public": "true" if row.is_public else "false"},
    }


def _found(row: FoundRepository) -> dict[str, Any]:
    return {
        "project_id": row.project_id,
        "project_name": row.project,
        "project_public": row.is_public,
        "pull_count": row.pulls,
        "repository_name": row.name,
        "tags_count": row.tags,
    }


def _tag(row: OfferedTag) -> dict[str, Any]:
    return {
        "digest": row.digest,
        "name": row.name,
        "size": row.size,
        "architecture": "",
        "os": "",
        "author": "",
        "created": row.created,
        "config": None,
        "immutable": row.is_release,
        "annotations": {
            "module.wasm.runtime/abi_version": f"v{row.abi}" if row.abi else "",
            "module.wasm.runtime/type": "envoy_proxy",
        },
        "signature": None,
        "labels": [],
        "push_time": row.pushed,
        "pull_time": None,
    }
