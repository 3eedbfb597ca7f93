"""The command itself: help, wrong usage, what an argument names, and how it ends."""

from __future__ import annotations

import fcntl
import io
import os
import re
import signal
import subprocess
import sys
import termios
import time
from array import array
from pathlib import Path

import pytest

from tests.wasmhub.cli.conftest import EXAMPLES, Command
from wasmhub.cli.errors import UsageError
from wasmhub.cli.references import OnHub, OnRegistry, Place, read_argument
from wasmhub.cli.screen import Screen

pytestmark = pytest.mark.single_setup

HELLO = EXAMPLES / "ada/hello/dist/1.0.0.wasm"
PROGRAM = Path(sys.executable).with_name("wasmhub")
HUB = "http://127.0.0.1:8000"


class TestHelp:
    @pytest.mark.parametrize(
        "argv", [["--help"], [], ["inspect", "-h"], ["diff", "-h"], ["run", "-h"]]
    )
    def test_fits_a_terminal(self, wasmhub: Command, argv: list[str]) -> None:
        said = wasmhub(*argv)

        assert (said.status, said.err) == (0, "")
        assert said.out.startswith("usage: wasmhub")
        assert "FILE is a .wasm file" in said.out
        assert max(map(len, said.out.splitlines())) <= 80

    def test_imports_nothing_that_only_commands_need(self) -> None:
        listed = [sys.executable, "-X", "importtime", str(PROGRAM), "--help"]
        done = subprocess.run(listed, capture_output=True, text=True, check=True)

        imported = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))
        assert "wasmhub.cli" in imported
        slow = {"urllib3", "wasmtime", "wasmhub.oci", "wasmhub.proxywasm", "dataclasses", "pathlib"}
        assert imported & slow == set()

    def test_knows_the_version(self, wasmhub: Command) -> None:
        assert re.fullmatch(r"wasmhub \d+\.\d+\.\d+\n", wasmhub("--version").out)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["inspect"], "FILE|REF"),
        (["inspect", "a", "b"], "Unrecognized arguments"),
        (["inspect", "x.wasm", "--nope"], "--nope"),
        (["inspect", "x.wasm"], "There is no file x.wasm"),
        (["inspect", "x\x1b[31m.wasm"], "\\u{1b}[31m"),
        (["inspect", "ada/hello:1.0.0"], "--hub URL or WASMHUB_URL"),
        (["inspect", "Ada/hello:1.0.0"], "no reference either"),
        (["inspect", "https://hub.example/x.wasm.gz"], "oci://host/name:tag"),
        (["inspect", "oci://host"], "oci://host/name:tag"),
        (["inspect", "oci://ho st/a/b"], "A host is"),
        (["inspect", "oci://host/a/b:-"], "A tag has"),
        (["inspect", "oci://host/a/b@sha256:1"], "digest"),
        (["inspect", "oci://host/A/b"], "oci://host/name:tag"),
        (["inspect", "a/b", "--hub", "hub.example"], "The hub's address is like"),
        (["inspect", "a/b", "--hub", "https://hub.example/x/y"], "The hub's address is like"),
        (["inspect", "a/b", "--hub", "https://me:secret@hub.example"], "The hub's address is like"),
        (["inspect", "a/b", "--hub", "ftp://hub.example"], "The hub's address is like"),
        (["inspect", "other.example/ada/hello", "--hub", HUB], "leave one of them out"),
        (["diff", "-", "-"], "can be read once"),
        (["run", "-", "--trial", "-"], "can be read once"),
        (["inspect", "/proc/self/mem"], "cannot be read"),
        (["inspect", "x\0.wasm"], "\\u{0}"),
    ],
)
def test_wrong_usage_is_one_sentence_that_helps(
    wasmhub: Command, argv: list[str], told: str
) -> None:
    said = wasmhub(*argv)

    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("wasmhub: ")
    assert told in said.err
    assert said.err.count("\n") == 1


class TestWhatAnArgumentNames:
    HERE = Place.of("", {})
    THERE = Place.of(HUB, {"WASMHUB_TOKEN": "whub_x"})

    @pytest.mark.parametrize(
        ("text", "origin", "wanted"),
        [
            ("ada/hello", HUB, "latest"),
            ("ada/hello:1.0.0", HUB, "1.0.0"),
            ("127.0.0.1:8000/ada/hello:1.0.0", HUB, "1.0.0"),
            (f"ada/hello@sha256:{'0' * 64}", HUB, f"sha256:{'0' * 64}"),
        ],
    )
    def test_is_on_the_hub(self, text: str, origin: str, wanted: str) -> None:
        found = read_argument(text, self.THERE)

        assert isinstance(found, OnHub)
        assert (str(found.origin), found.wanted) == (origin, wanted)

    @pytest.mark.parametrize(
        ("text", "origin", "name"),
        [
            ("oci://ghcr.io/a/b/c:1", "https://ghcr.io", "a/b/c"),
            ("oci://localhost:5000/x:1", "http://localhost:5000", "x"),
            ("oci://[::1]:5000/x:1", "http://[::1]:5000", "x"),
            ("oci://127.0.0.1:8000/a/b:1", HUB, "a/b"),
            ("oci://docker.io/a/b:1", "https://registry-1.docker.io", "a/b"),
            ("oci://127.0.0.1.evil.example/a/b:1", "https://127.0.0.1.evil.example", "a/b"),
        ],
    )
    def test_is_on_a_registry_with_tls_unless_it_is_this_machine(
        self, text: str, origin: str, name: str
    ) -> None:
        found = read_argument(text, self.HERE)

        assert isinstance(found, OnRegistry)
        assert (str(found.origin), found.name, found.reference) == (origin, name, "1")

    def test_gets_the_hubs_token_only_on_the_hub(self) -> None:
        def token(text: str, place: Place) -> str:
            found = read_argument(text, place)
            assert isinstance(found, OnRegistry)
            return found.token

        alone = Place.of("", {"WASMHUB_TOKEN": "secret"})
        assert token("oci://127.0.0.1:8000/a/b:1", self.THERE) == "whub_x"
        assert token("oci://ghcr.io/a/b:1", self.THERE) == ""
        assert token("oci://ghcr.io/a/b:1", alone) == "secret"
        assert token("oci://ghcr.io/a/b:1", Place.of("", {"WASMHUB_TOKEN": "whub_x"})) == ""

    def test_is_a_file_where_it_could_be_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "ada/hello").mkdir(parents=True)
        (tmp_path / "ada/x.wasm").touch()

        for text, place in (
            *(("ada/hello", self.HERE), ("./ada/hello", self.THERE), ("ada/x.wasm", self.THERE)),
            *(("-", self.THERE), ("/x", self.THERE)),
        ):
            assert read_argument(text, place) == Path(text)
        with pytest.raises(UsageError, match=r"write \./ada/hello for what is here, or oci://"):
            read_argument("ada/hello", self.THERE)


class TestTheScreen:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def test_is_in_colour_only_on_a_terminal_that_wants_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def is_coloured(out: io.StringIO, wish: str = "auto", **environment: str) -> bool:
            with monkeypatch.context() as patch:
                patch.delenv("NO_COLOR", raising=False)
                patch.setenv("TERM", "xterm")
                for name, value in environment.items():
                    patch.setenv(name, value)
                Screen.on(out, wish).title("x")
            return "\x1b[" in out.getvalue()

        assert is_coloured(self.Terminal())
        assert not is_coloured(io.StringIO())
        assert not is_coloured(self.Terminal(), NO_COLOR="1")
        assert not is_coloured(self.Terminal(), TERM="dumb")
        assert is_coloured(self.Terminal(), "always", NO_COLOR="1")
        assert not is_coloured(self.Terminal(), "never")

    def test_never_passes_on_what_commands_a_terminal(self) -> None:
        out = io.StringIO()
        screen = Screen(out, colour=False)
        evil = "a\x1b[2Jb\x9bc\rd\x07\u202ee"

        screen.line(evil)
        screen.paragraph(evil)
        screen.entries([(evil, evil)])
        screen.block(evil)

        assert out.getvalue().replace("\n", "").isprintable()


def _wait_until_read(descriptor: int) -> None:
    """Wait until nothing of what was written to a pipe is left in it."""
    deadline = time.monotonic() + 30
    left = array("i", [1])
    while left[0] and time.monotonic() < deadline:
        fcntl.ioctl(descriptor, termios.FIONREAD, left)
        time.sleep(0.02)
    assert left[0] == 0


class TestTheEnd:
    def test_of_a_reader_that_goes_away_is_quiet(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)

        command = [str(PROGRAM), "inspect", str(HELLO), "--json"]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)

        assert (done.returncode, done.stderr) == (141, b"")

    def test_by_an_interrupt_is_quiet(self) -> None:
        # Tests that run in the background ignore interrupts, and so would all that they start.
        command = ["env", "--default-signal=INT", str(PROGRAM), "inspect", "-"]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None
            process.stdin.write(HELLO.read_bytes())
            process.stdin.flush()
            # It is at work once it has taken what was written.
            _wait_until_read(process.stdin.fileno())
            process.send_signal(signal.SIGINT)
            out, err = process.communicate()

        assert (process.returncode, out, err) == (130, b"", b"")

    def test_in_a_terminal_without_our_characters_is_no_error(self) -> None:
        environment = os.environ | {"PYTHONIOENCODING": "ascii"}
        done = subprocess.run(
            [PROGRAM, "diff", HELLO, EXAMPLES / "acme/deny-paths/dist/1.0.0.wasm"],
            env=environment,
            capture_output=True,
            check=False,
        )

        assert (done.returncode, done.stderr) == (0, b"")

    def test_on_a_full_disk_is_a_sentence(self) -> None:
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [PROGRAM, "inspect", HELLO], stdout=full, stderr=subprocess.PIPE, check=False
            )

        assert done.returncode == 3
        assert done.stderr == b"wasmhub: The output cannot be written: No space left on device.\n"

    def test_without_any_streams_is_no_traceback(self, tmp_path: Path) -> None:
        script = f"{PROGRAM} inspect - <&- >&- 2>{tmp_path}/errors"
        done = subprocess.run(["sh", "-c", script], check=False)

        assert done.returncode == 2
        assert (tmp_path / "errors").read_text() == "wasmhub: There is nothing in standard input.\n"
