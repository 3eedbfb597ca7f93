"""A hub's REST API, as far as the command line asks it (docs/api.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wasmhub.oci import InvalidVersionError, Version
from wasmhub.oci.errors import NotThereError, WebError
from wasmhub.oci.web import Web

if TYPE_CHECKING:
    from wasmhub.oci import Digest, Repository
    from wasmhub.oci.origins import Origin


@dataclass(frozen=True, slots=True)
class Release:
    """One release, in DESIGN's words; the digests are None until it is packed."""

    version: str
    digest: str | None
    module_sha256: str | None
    verdict: str
    yanked: str | None

    def as_json(self) -> dict[str, Any]:
        """Return what the hub says of it, without the digests, which are shown elsewhere."""
        return {"version": self.version, "verdict": self.verdict, "yanked": self.yanked}


class HubClient:
    """
    One hub. Every method raises WebError when the hub does not answer as it should.

    The access token, if any, goes to this hub only.
    """

    def __init__(self, origin: Origin, *, token: str = "", web: Web | None = None) -> None:
        self.origin = origin
        self._web = web or Web()
        self._authorization = f"Bearer {token}" if token else ""

    def release_of(self, repository: Repository, digest: Digest, tag: str) -> Release | None:
        """Return the release that is this manifest, the one of the tag if several are; or None."""
        try:
            listed = self._get(f"extensions/{repository}/releases")
        except NotThereError:  # some registries are no hubs
            return None
        results = listed.get("results") if isinstance(listed, dict) else None
        if not isinstance(results, list):
            raise self._strange()
        releases = [self._release(each) for each in results]
        found = [each for each in releases if each.digest == str(digest)]
        named = [each for each in found if each.version == tag.removeprefix("v")]
        return next(iter(named or found), None)

    def proofs(self, repository: Repository, version: str) -> list[dict[str, Any]]:
        """Return what real Envoys did with a release: ``{"version", "loads", "log"}`` of each."""
        try:
            rows = self._get(f"extensions/{repository}/releases/{version}/compatibility")
        except NotThereError:  # no worker has read it yet
            return []
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise self._strange()
        return [self._proof(each["proven"]) for each in rows if each.get("proven") is not None]

    def _get(self, path: str) -> Any:
        url = f"{self.origin}/api/v1/{path}"
        with self._web.get(
            url, accept="application/json", authorization=self._authorization
        ) as answer:
            answer.expect_ok(path.partition("/")[2])
            return answer.document()

    def _release(self, document: Any) -> Release:
        try:
            version = str(Version.parse(document["version"]))
            texts = {name: document[name] for name in ("digest", "module_sha256", "yanked")}
            verdict = document["verdict"]
        except (InvalidVersionError, KeyError, TypeError) as error:
            raise self._strange() from error
        is_text = all(each is None or isinstance(each, str) for each in texts.values())
        if not is_text or not isinstance(verdict, str):
            raise self._strange()
        return Release(version=version, verdict=verdict, **texts)

    def _proof(self, document: Any) -> dict[str, Any]:
        kinds = {"version": str, "loads": bool, "log": str}
        if not isinstance(document, dict) or not all(
            isinstance(document.get(name), kind) for name, kind in kinds.items()
        ):
            raise self._strange()
        return {name: document[name] for name in kinds}

    def _strange(self) -> WebError:
        return WebError(f"{self.origin} does not answer as a hub does: check the address.")
