"""`wasmhub inspect`: all that is known of a module and its image, or the answer to one question."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Final

from wasmhub.cli.errors import DONE, NO, UsageError
from wasmhub.cli.examined import Examined, examine_source
from wasmhub.cli.report import Report
from wasmhub.cli.screen import Styled
from wasmhub.cli.showing import show_examined, show_findings
from wasmhub.cli.sources import bring, with_release
from wasmhub.oci import check_strict
from wasmhub.proxywasm import Finding, Severity
from wasmhub.proxywasm.by_proxy import PROXIES, state_of

if TYPE_CHECKING:
    import argparse

    from wasmhub.cli.references import Place
    from wasmhub.cli.screen import Screen
    from wasmhub.cli.sources import Source
    from wasmhub.cli.stored import Image
    from wasmhub.proxywasm import Compatibility

_BARE: Final = Finding(
    "image/not-canonical",
    Severity.ERROR,
    "This is a bare module, and the specification is about images: push it, or pack it into one.",
    "the file (rule 1)",
)


def inspect(arguments: argparse.Namespace, place: Place) -> Report:
    """Examine one file or reference."""
    source = bring(arguments.source, place, image=arguments.image)
    if arguments.strict:
        return _strict(source)
    examined = examine_source(with_release(source, place))
    if arguments.proxy:
        return _for_proxy(examined, arguments.proxy)
    hub = str(place.hub) if place.hub else ""
    return Report(examined.as_json(), partial(show_examined, examined, hub=hub), DONE)


def _for_proxy(examined: Examined, wanted: str) -> Report:
    """Say whether one release of a proxy would load the module, out of the image it is in."""
    name, _, version = wanted.partition(":")
    if name not in PROXIES or not version:
        raise UsageError(f"--proxy is like envoy:1.38; the proxies are {', '.join(PROXIES)}.")
    minor = ".".join(version.removeprefix("v").split(".")[:2])
    row = next(
        (each for each in examined.rows if (each.proxy, each.version) == (name, minor)), None
    )
    if row is None and examined.facts is not None:
        known = ", ".join(each.version for each in examined.rows if each.proxy == name)
        raise UsageError(f"Nothing is known of {PROXIES[name]} {minor}; the releases are {known}.")
    obstacle = _obstacle(examined, row, name)
    document = examined.as_json()
    document["compatibility"] = [] if row is None else [row.as_json()]
    label = f"{PROXIES[name]} {minor}"
    show = partial(_show_answer, examined.name, label, row, obstacle)
    return Report(document, show, NO if obstacle else DONE)


def _obstacle(examined: Examined, row: Compatibility | None, proxy: str) -> str:
    """Return why a proxy does not load it; empty when it does, as far as is known."""
    if row is None:
        return "No module could be taken out of it; `wasmhub inspect` shows the findings."
    if not row.best_known:
        log = row.proven["log"] if row.proven is not None else ""
        return row.reason or log or "A real Envoy refused it."
    if examined.packaging is not None:
        for loader in examined.packaging.diagnosis.loaders:
            if loader.name == proxy and loader.loads is False:
                return loader.reason
    return ""


def _show_answer(
    name: str, label: str, row: Compatibility | None, obstacle: str, screen: Screen
) -> None:
    word = Styled("does not load", "bad") if obstacle else Styled("loads", "good")
    screen.line(Styled(label, "strong"), " ", word, f" {name}")
    if obstacle:
        screen.paragraph(obstacle)
    elif row is not None and row.proven is not None:
        screen.paragraph(f"Envoy {row.proven['version']} proved it.", style="faint")
    elif row is not None and state_of(row) == "assumed":
        screen.paragraph(f"{row.reason} No source says what this release offers.", style="faint")


def _strict(source: Source) -> Report:
    findings = [_BARE] if source.image is None else _strict_findings(source.image)
    broken = any(each.severity == Severity.ERROR for each in findings)
    document = {
        "canonical": not broken,
        "findings": [each.as_json() for each in findings],
    }
    return Report(document, partial(_show_strict, source.name, findings), NO if broken else DONE)


def _strict_findings(image: Image) -> list[Finding]:
    layers = image.parsed.layers
    layer = image.open_blob(layers[-1].digest) if layers else io.BytesIO()
    config = b""
    with layer:
        if image.parsed.config is not None:
            with image.open_blob(image.parsed.config.digest) as blob:
                config = blob.read()
        return check_strict(image.content, config, layer)


def _show_strict(name: str, findings: list[Finding], screen: Screen) -> None:
    broken = any(each.severity == Severity.ERROR for each in findings)
    word = Styled("is not canonical", "bad") if broken else Styled("is canonical", "good")
    screen.line(Styled(name, "strong"), " ", word)
    show_findings(screen, findings, hub="")
