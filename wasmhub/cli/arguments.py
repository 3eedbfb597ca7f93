"""What can be typed: commands, their options and their help."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from wasmhub.cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABOUT: Final = "Understand, compare and try Wasm extensions for Envoy-based proxies."
_SOURCES: Final = """\
FILE is a .wasm file, an image as a tar archive (OCI layout or docker save), the
folder of an OCI layout, or - for standard input. REF is namespace/name:version
on the hub that --hub or WASMHUB_URL names, or oci://host/name:tag on any
registry. WASMHUB_TOKEN is an access token for what is not public."""
_CODES: Final = """\
exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the network or the hub
failed, 4 not allowed"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sentence = message[0].upper() + message[1:]
        raise UsageError(f"{sentence}. See `{self.prog} --help`.")


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace | None:
    """Return what was asked; None when that was help, which is written already."""
    parser = _parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit:
        return None
    if arguments.command is None:
        parser.print_help()
        return None
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = _new(_Parser, "wasmhub", _ABOUT, f"{_SOURCES}\n\n{_CODES}")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    _add_inspect(commands)
    _add_diff(commands)
    _add_run(commands)
    return parser


def _new(kind: type[_Parser], prog: str, about: str, epilog: str) -> _Parser:
    return kind(
        prog=prog,
        description=about,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _command(commands: argparse._SubParsersAction[_Parser], name: str, about: str) -> _Parser:
    parser = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=_SOURCES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=name)
    return parser


def _add_common(parser: _Parser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON for programs")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: on a terminal, unless NO_COLOR is set",
    )
    parser.add_argument("--hub", metavar="URL", default="", help="the hub; else WASMHUB_URL")
    parser.add_argument(
        "--image", metavar="TAG", default="", help="which image of an archive with several"
    )


def _add_inspect(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(commands, "inspect", "tell what a module is, can do, and where it loads")
    parser.add_argument("source", metavar="FILE|REF", help="a module or an image: see below")
    question = parser.add_mutually_exclusive_group()
    question.add_argument(
        "--proxy",
        metavar="NAME:VERSION",
        help="answer for one proxy, such as envoy:1.38 or istio:1.27; exit code 1 if not",
    )
    question.add_argument(
        "--strict",
        action="store_true",
        help="hold an image to the canonical form; exit code 1 if it breaks a rule",
    )
    _add_common(parser)


def _add_diff(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(commands, "diff", "tell what changes from one module to another")
    parser.add_argument("older", metavar="A", help="the older FILE|REF")
    parser.add_argument("newer", metavar="B", help="the newer FILE|REF")
    _add_common(parser)


def _add_run(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(commands, "run", "run a filter on one request, in a sandbox like Envoy")
    parser.add_argument("source", metavar="FILE|REF", help="a module or an image: see below")
    asked = parser.add_argument_group("the request")
    asked.add_argument("--request", nargs=2, metavar=("METHOD", "PATH"), help="else GET /")
    asked.add_argument(
        "-H", "--header", action="append", default=[], metavar="'NAME: VALUE'", help="one header"
    )
    body = asked.add_mutually_exclusive_group()
    body.add_argument("--data", metavar="TEXT", help="the body")
    body.add_argument("--data-file", metavar="FILE", help="a file with the body")
    plugin = parser.add_argument_group("the filter")
    config = plugin.add_mutually_exclusive_group()
    config.add_argument("--config", metavar="TEXT", help="its configuration, mostly JSON")
    config.add_argument("--config-file", metavar="FILE", help="a file with it")
    plugin.add_argument("--root-id", metavar="ID", help="its root id")
    plugin.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE|REF",
        help="a further filter, behind it",
    )
    plugin.add_argument(
        "--reply",
        action="append",
        default=[],
        metavar="FILE",
        help="what a call to another service is answered with, as JSON",
    )
    parser.add_argument(
        "--trial", metavar="FILE", help="the whole trial as one JSON document; - is standard input"
    )
    _add_common(parser)


class _Version(argparse.Action):
    """Print the version; its look-up is slow, so that only who asks pays for it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - see above

        sys.stdout.write(f"wasmhub {version('wasmhub')}\n")
        parser.exit()
