"""An extension and its releases as their pages show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from catalog.models import Extension, Release, Verdict
from catalog.selectors.conversions import pinned_image, pinned_tag
from catalog.selectors.extensions import newest_release, releases_of
from catalog.selectors.manifests import findings_of
from core.policy import Permission, Visibility, allows
from wasmhub import manifests
from wasmhub.oci import Version
from wasmhub.proxywasm import CAPABILITIES

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.selectors.examples import ExampleCount
    from core.actor import Actor

TARGETS = {"istio-wasmplugin": "Istio WasmPlugin", "envoy": "Envoy"}


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to copy: a command or a manifest."""

    label: str
    command: str = ""
    target: str = ""
    url: str = ""
    yaml: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release with all that is known of its module; see DESIGN.md for the shapes inside."""

    version: str
    url: str
    verdict: str
    created: datetime
    created_by: str
    yanked: str
    yanked_at: datetime | None
    is_prerelease: bool
    is_newest: bool
    digest: str | None
    pinned: str | None
    media_type: str | None
    facts: dict[str, Any]
    findings: list[dict[str, str]]
    capabilities: list[dict[str, str]] = field(default_factory=list)
    pull_commands: list[Snippet] = field(default_factory=list)
    manifests: list[Snippet] = field(default_factory=list)
    download_url: str | None = None
    module_sha256: str | None = None
    size: int | None = None
    abi: str | None = None
    language: str | None = None
    sdk: str | None = None
    contexts: list[str] = field(default_factory=list)
    root_ids: list[str] = field(default_factory=list)
    imports: list[dict[str, str]] = field(default_factory=list)
    exports: list[dict[str, str]] = field(default_factory=list)
    examples: ExampleCount | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    """A section of the extension's pages, a link of its own."""

    label: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class ExtensionPage:
    """What every page of an extension shows around its own content."""

    path: str
    title: str
    description: str
    url: str
    namespace: str
    namespace_name: str
    visibility: str
    category_label: str
    license: str
    source_url: str
    homepage_url: str
    documentation_url: str
    created: datetime
    updated: datetime
    may_edit: bool
    may_set_visibility: bool
    tab: str
    tabs: list[Tab]
    release: ReleaseView | None
    releases: list[ReleaseView]
    rows: list[Release]
    newest_url: str


def extension_page(
    *, actor: Actor, extension: Extension, origin: str, tab: str, version: str | None = None
) -> ExtensionPage:
    """Return an extension's page with the release of a version, else the one that stands for it."""
    rows = releases_of(actor=actor, extension=extension)
    newest = newest_release(rows)
    shown = newest
    if version is not None:
        shown = next((row for row in rows if row.version == str(Version.parse(version))), None)
    where = {"namespace": extension.namespace.name, "visibility": extension.visibility}
    may_edit = allows(actor, Permission.EXTENSION_EDIT, **where)
    return ExtensionPage(
        path=str(extension),
        title=extension.title or extension.name,
        description=extension.description,
        url=_url("extension", extension),
        namespace=extension.namespace.name,
        namespace_name=extension.namespace.display_name,
        visibility=extension.visibility,
        category_label=extension.get_category_display(),
        license=extension.license,
        source_url=extension.source_url,
        homepage_url=extension.homepage_url,
        documentation_url=extension.documentation_url,
        created=extension.created,
        updated=extension.updated,
        may_edit=may_edit,
        may_set_visibility=allows(actor, Permission.EXTENSION_SET_VISIBILITY, **where),
        tab=tab,
        tabs=_tabs(extension, tab, len(rows), may_edit=may_edit),
        release=release_view(shown, newest=newest, origin=origin) if shown else None,
        releases=[release_view(row, newest=newest) for row in rows],
        rows=rows,
        newest_url=_url("extension", extension),
    )


def _tabs(extension: Extension, tab: str, releases: int, *, may_edit: bool) -> list[Tab]:
    tabs = [
        Tab("Readme", _url("extension", extension), tab == "readme"),
        Tab("Versions", _url("versions", extension), tab == "versions", releases),
        Tab("ABI", _url("abi", extension), tab == "abi"),
        Tab("Try", f"{_url('extension', extension)}/try", tab == "try"),
    ]
    if may_edit:
        tabs.append(Tab("Settings", _url("settings", extension), tab == "settings"))
    return tabs


def release_view(
    release: Release, *, newest: Release | None, origin: str | None = None
) -> ReleaseView:
    """
    Return a release as its page shows it.

    With an origin it has everything, commands and manifests too once it is packed. Without
    one it is a row of a list: all the facts of all the releases would be megabytes.
    """
    manifest = release.manifest
    module = manifest.module if manifest else None
    facts: dict[str, Any] = {}
    if module is not None:
        facts = module.facts if origin else module.summary
    passed = release.verdict == Verdict.PASSED and manifest is not None and module is not None
    return ReleaseView(
        version=release.version,
        url=_url("version", release.extension, release.version),
        verdict=release.verdict,
        created=release.created,
        created_by=release.created_by.username if release.created_by else "",
        yanked=release.yanked,
        yanked_at=release.yanked_at,
        is_prerelease=Version.parse(release.version).is_prerelease,
        is_newest=newest is not None and newest.pk == release.pk and not release.yanked,
        digest=manifest.digest if manifest else None,
        pinned=pinned_image(manifest).digest if passed and manifest and origin else None,
        media_type=manifest.media_type if manifest else None,
        facts=facts,
        findings=findings_of(release),
        capabilities=[
            {"name": name, "sentence": CAPABILITIES.get(name, "")}
            for name in facts.get("capabilities") or []
        ],
        pull_commands=pull_commands(release, origin) if manifest and origin else [],
        manifests=deploy_manifests(release, origin) if passed and origin else [],
        download_url=download_url(release.extension, module.sha256) if passed and module else None,
        module_sha256=facts.get("sha256"),
        size=facts.get("size"),
        abi=facts.get("abi"),
        language=facts.get("language"),
        sdk=facts.get("sdk"),
        contexts=facts.get("contexts", []),
        root_ids=manifest.root_ids if manifest else [],
        imports=facts.get("imports", []),
        exports=facts.get("exports", []),
    )


def pull_commands(release: Release, origin: str) -> list[Snippet]:
    """Return the commands that fetch the release's image with clients that people have."""
    host = origin.partition("://")[2]
    plain = origin.startswith("http://")
    image = f"{host}/{release.extension}:{release.version}"
    if release.yanked and release.manifest is not None:
        image = f"{host}/{release.extension}@{release.manifest.digest}"
    folder = f"{release.extension.name}-{release.version}"
    skopeo = " --src-tls-verify=false" if plain else ""
    return [
        Snippet("skopeo", f"skopeo copy{skopeo} docker://{image} oci:{folder}"),
        Snippet("crane", f"crane pull{' --insecure' if plain else ''} {image} {folder}.tar"),
        *_raw(release, origin),
        *_air_gap(release, origin),
    ]


def _raw(release: Release, origin: str) -> list[Snippet]:
    """Return the command for the bare module, once it may be downloaded."""
    module = release.manifest.module if release.manifest else None
    if module is None or release.verdict != Verdict.PASSED:
        return []
    url = origin + download_url(release.extension, module.sha256)
    return [Snippet("curl", _curl(release, "wasm", url))]


def _air_gap(release: Release, origin: str) -> list[Snippet]:
    """Return the command for the image that proxies load as one file, and how to push it on."""
    if release.manifest is None or release.verdict != Verdict.PASSED:
        return []
    pinned = pinned_image(release.manifest).digest.removeprefix("sha256:")
    url = f"{origin}/download/{release.extension}/{pinned}.tar"
    return [Snippet("air gap", _curl(release, "tar", url))]


def _curl(release: Release, kind: str, url: str) -> str:
    public = release.extension.visibility == Visibility.PUBLIC
    token = "" if public else ' -H "Authorization: Bearer $WASMHUB_TOKEN"'
    return f"curl -fL{token} -o {release.extension.name}-{release.version}.{kind} {url}"


def deploy_manifests(release: Release, origin: str) -> list[Snippet]:
    """Return the manifest of each target, rendered with the options' defaults."""
    return [
        Snippet(
            label,
            target=target,
            url=reverse(
                "api:manifest",
                args=[
                    release.extension.namespace.name,
                    release.extension.name,
                    release.version,
                    target,
                ],
            ),
            yaml=render_manifest(release, target, manifests.Options(), origin),
        )
        for target, label in TARGETS.items()
    ]


def render_manifest(release: Release, target: str, options: manifests.Options, origin: str) -> str:
    """
    Render a passed release for a target; the digest in it is of the kind that the target checks.

    :raises manifests.ManifestError: unknown target, or an option outside its rule
    """
    manifest = release.manifest
    if manifest is None or manifest.module is None:
        raise ValueError("only a packed release has something to deploy")
    source = manifests.ModuleSource(
        origin=origin,
        namespace=release.extension.namespace.name,
        name=release.extension.name,
        version=release.version,
        manifest_digest=pinned_image(manifest).digest,
        contexts=tuple(manifest.module.facts.get("contexts") or ()),
        tag=pinned_tag(release),
        module_sha256=manifest.module.sha256,
        root_id=manifest.root_ids[0],
        public=release.extension.visibility == Visibility.PUBLIC,
    )
    return manifests.render(target, source, options)


def download_url(extension: Extension, sha256: str) -> str:
    """Return the path of the module's bytes; the registry serves it."""
    return f"/download/{extension}/{sha256}.wasm"


def _url(name: str, extension: Extension, *more: str) -> str:
    return reverse(f"catalog:{name}", args=[extension.namespace.name, extension.name, *more])
