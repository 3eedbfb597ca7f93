"""Show on the terminal what is known of a module, in the order and the words of its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wasmhub.cli.screen import Styled
from wasmhub.proxywasm.by_proxy import by_proxy
from wasmhub.proxywasm.origin import language_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wasmhub.cli.examined import Examined, Packaging
    from wasmhub.cli.screen import Screen
    from wasmhub.oci import Diagnosis
    from wasmhub.proxywasm import Compatibility, Finding

_SEVERITIES: Final = {"error": "bad", "warning": "warn", "note": ""}
_STATES: Final = {"loads": "good", "fails": "bad", "assumed": "faint", "disputed": "warn"}
_LOADERS: Final = {
    "istio": "Istio",
    "envoy-gateway": "Envoy Gateway",
    "gloo": "Gloo",
    "harbor": "Harbor",
    "wkg": "wkg",
    "image-volume": "Image volumes",
}
_ANSWERS: Final = {True: ("yes", "good"), False: ("no", "bad"), None: ("unknown", "faint")}
_PINS: Final = {
    "itself": "Pin the manifest digest in oci:// addresses.",
    "child": "Pin the manifest digest, never that of the index.",
    "canonical": "Deploy the canonical image that the hub publishes beside it.",
}
_NOT_PUSHED: Final = "none before it is pushed"
_KIBIBYTE: Final = 1024


def show_examined(examined: Examined, screen: Screen, *, hub: str) -> None:
    """Write everything, findings last: that is where eyes are when a command has ended."""
    screen.line(Styled(examined.name, "strong"))
    if examined.packaging is not None and examined.packaging.release is not None:
        _show_release(screen, examined.packaging)
    if examined.facts is not None:
        screen.title("Facts")
        screen.entries(fact_entries(examined.facts))
    _show_digests(screen, examined)
    if examined.packaging is not None:
        _show_packaging(screen, examined.packaging.diagnosis)
    if examined.facts is not None and examined.facts["abi"]:
        screen.title("What it can do")
        if not examined.capabilities:
            screen.paragraph("It imports no host function that reaches beyond its own memory.")
        screen.entries((each["name"], each["sentence"]) for each in examined.capabilities)
    if examined.rows:
        _show_compatibility(screen, examined.rows)
    screen.title("Findings")
    show_findings(screen, examined.findings, hub=hub)


def fact_entries(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the facts with their labels, as the page has them."""
    if facts["kind"] != "module":
        return [("Kind", facts["kind"]), ("Size", size_in_words(facts["size"]))]
    ids = ", ".join(each or "empty, the default" for each in facts["root_ids"])
    entries = [
        ("ABI", f"proxy-wasm {facts['abi']}" if facts["abi"] else "none found"),
        ("Filters", " ".join(each.upper() for each in facts["contexts"])),
        ("Language", language_name(facts["language"] or "")),
        ("SDK", facts["sdk"] or ""),
        ("Size", size_in_words(facts["size"])),
        ("Root id" if len(facts["root_ids"]) == 1 else "Root ids", ids),
        ("Imports", str(len(facts["imports"]))),
        ("Exports", str(len(facts["exports"]))),
    ]
    return [(label, text) for label, text in entries if text]


def size_in_words(size: int) -> str:
    """Write a number of bytes for people."""
    if size < _KIBIBYTE:
        return f"{size} bytes"
    number, units = float(size), iter(("KB", "MB", "GB"))
    unit = ""
    while number >= _KIBIBYTE and (following := next(units, "")):
        number, unit = number / _KIBIBYTE, following
    return f"{number:.1f} {unit}"


def show_findings(screen: Screen, findings: Iterable[Finding], *, hub: str) -> None:
    """Write findings, with what to do and where it is explained."""
    listed = list(findings)
    if not listed:
        screen.paragraph("None.", style="good")
    for each in listed:
        style = _SEVERITIES[each.severity]
        screen.line(Styled(each.severity, style), " ", Styled(each.id, "strong"), indent=2)
        screen.paragraph(f"{each.message}", indent=4)
        screen.paragraph(f"{each.where} · {hub}{each.help}", style="faint", indent=4)


def _show_release(screen: Screen, packaging: Packaging) -> None:
    release = packaging.release
    if release is None:
        return
    good = release.verdict == "passed"
    screen.line(f"release {release.version}, ", Styled(release.verdict, "good" if good else "bad"))
    if release.yanked is not None:
        screen.line(Styled("Yanked: ", "warn"), release.yanked)


def _show_digests(screen: Screen, examined: Examined) -> None:
    """Write each digest by its name, on a line of its own: it is there to be copied."""
    entries = []
    if (packaging := examined.packaging) is not None:
        pushed = packaging.manifest_digest or packaging.index_digest
        entries.append(("Manifest digest", packaging.manifest_digest if pushed else _NOT_PUSHED))
        entries.append(("Index digest, never pin it", packaging.index_digest))
    if examined.facts is not None:
        entries.append(("Module sha256", examined.facts["sha256"]))
    screen.title("Digests")
    for label, digest in entries:
        if digest:
            screen.line(Styled(label, "faint"), indent=2)
            screen.line(digest, indent=4)


def _show_packaging(screen: Screen, diagnosis: Diagnosis) -> None:
    said = diagnosis.as_json()
    screen.title("Packaging")
    form = f"{said['letter']}, {said['form']}" if said["form"] else "none that is known"
    screen.line(Styled("Form ", "faint"), form, indent=2)
    if diagnosis.pin is not None:
        screen.paragraph(_PINS[diagnosis.pin])
    for each in diagnosis.loaders:
        word, style = _ANSWERS[each.loads]
        screen.line(
            Styled(f"{_LOADERS[each.name]:15}", "faint"), Styled(f"{word:8}", style), indent=2
        )
        screen.paragraph(each.reason, indent=4)


def _show_compatibility(screen: Screen, rows: Iterable[Compatibility]) -> None:
    """Write the releases of each proxy, grouped by what they do with the module."""
    screen.title("Where it loads")
    proven = False
    for proxy in by_proxy(rows):
        states: dict[str, list[str]] = {}
        for each in proxy.releases:
            mark = "*" if each["proven"] else ""
            proven = proven or bool(mark)
            states.setdefault(each["state"], []).append(each["version"] + mark)
        screen.line(Styled(proxy.label, "faint"), indent=2)
        screen.entries(
            ((Styled(state, _STATES[state]), " ".join(found)) for state, found in states.items()),
            indent=4,
        )
        for obstacle in proxy.obstacles:
            screen.paragraph(f"{obstacle.versions}: {obstacle.reason}", indent=4)
    if proven:
        screen.paragraph("* a real Envoy proved it", style="faint")
