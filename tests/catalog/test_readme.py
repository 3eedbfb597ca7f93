"""Markdown of strangers."""

from __future__ import annotations

import pytest

from catalog.readme import render

pytestmark = pytest.mark.single_setup


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        '[x](https://a.example "onmouseover=alert(1)")',
        "<a href='vbscript:x'>x</a>",
        '<iframe src="https://evil.example"></iframe>',
        "```html\n<script>alert(1)</script>\n```",
        "| <script>alert(1)</script> |\n|---|\n| <b onclick=x>y</b> |",
        "<style>body{display:none}</style>",
        '<form action="https://evil.example"><input name=password></form>',
        "[x]: javascript:alert(1)\n[x]",
    ],
)
def test_is_harmless(hostile: str) -> None:
    html = render(hostile).html.lower()

    for active in ("<script", "<img", "<iframe", "<style", "<form", "<input"):
        assert active not in html
    for scheme in ('href="javascript', 'href="data', 'href="vbscript'):
        assert scheme not in html
    assert " onclick=" not in html.replace("&lt;b onclick", "")


def test_shows_remote_images_as_links() -> None:
    html = render("![a diagram](https://example.com/d.png)").html

    assert "<img" not in html
    assert 'href="https://example.com/d.png"' in html
    assert "a diagram" in html


def test_an_image_with_quotes_in_its_address_stays_an_address() -> None:
    html = render('![a](<https://example.com/"onmouseover="x>)').html

    assert "onmouseover=" not in html.replace("%22onmouseover=", "")


def test_headings_stand_below_the_pages_own_and_are_listed() -> None:
    rendered = render("# One\n\n## Two\n\n# One\n\n###### Six")

    assert [(each.text, each.level) for each in rendered.toc] == [
        ("One", 2),
        ("Two", 3),
        ("One", 2),
        ("Six", 6),
    ]
    assert len({each.id for each in rendered.toc}) == 4
    assert "<h1" not in rendered.html
    assert rendered.html.count("</h2>") == 2


def test_links_of_strangers_are_not_endorsed() -> None:
    assert 'rel="nofollow ugc noopener"' in render("[x](https://example.com)").html


def test_tables_scroll_on_their_own() -> None:
    html = render("| a | b |\n|---|---|\n| 1 | 2 |").html

    assert html.startswith('<div class="scroll"')
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "heavy", ["[" * 20_000, "*a " * 20_000, "> " * 5_000 + "x", "`" * 30_000, "# a\n" * 100_000]
)
def test_heavy_input_ends(heavy: str) -> None:
    assert render(heavy).html


def test_links_within_the_site_are_for_our_own_texts() -> None:
    link = "[guide](/docs/publish)"

    assert 'href="/docs/publish"' in render(link, ours=True).html
    assert "href" not in render(link).html
    assert "href" not in render("[x](javascript:alert(1))", ours=True).html
