"""Whatever becomes of the child, its caller gets an answer that says what it was."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.validation.test_proving import running
from validation import children
from validation.children import Child, ReaderError, TooHeavyError, say_isolation

pytestmark = pytest.mark.single_setup


Ask = Callable[..., dict[str, object]]


@pytest.fixture(name="ask")
def _ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return what lets a program take the child's place, and asks it."""

    def ask(program: str, *question: bytes) -> dict[str, object]:
        stand_in = tmp_path / "child.py"
        stand_in.write_text(f"import os, signal, sys, time\n{program}\n")
        monkeypatch.setattr(children, "PROGRAM", stand_in)
        return Child.start("try").answer(question)

    return ask


class TestEnd:
    @pytest.mark.parametrize(
        ("program", "says"),
        [
            ("os.kill(os.getpid(), signal.SIGKILL)", "more than 20 seconds of processor time"),
            ("os.kill(os.getpid(), signal.SIGXCPU)", "more than 20 seconds of processor time"),
            ("os.abort()", "more than 1.5 GiB of memory"),
            ("os._exit(90)", "more than 1.5 GiB of memory"),
            ("os._exit(91)", "an answer of more than 32 MiB"),
            ("os.kill(os.getpid(), signal.SIGSEGV)", r"crashed the engine \(SIGSEGV\)"),
            ("os.kill(os.getpid(), signal.SIGILL)", r"crashed the engine \(SIGILL\)"),
        ],
    )
    def test_at_a_limit_or_in_a_crash_is_the_modules_fault(
        self, ask: Ask, program: str, says: str
    ) -> None:
        with pytest.raises(TooHeavyError, match=says):
            ask(program)

    @pytest.mark.parametrize(
        ("program", "says"),
        [
            ("sys.exit(3)", "ended with 3"),
            ("raise ValueError('lost')", "ValueError: lost"),
            ("pass", "ended with 0"),
            ("os.write(int(sys.argv[2]), b'x' * 40_000_000)", "ended with 0"),
            ("os.write(int(sys.argv[2]), b'{')", "said no JSON"),
        ],
    )
    def test_of_any_other_kind_is_the_hubs_fault(self, ask: Ask, program: str, says: str) -> None:
        with pytest.raises(ReaderError, match=says):
            ask(program)

    def test_comes_when_the_time_is_over_with_all_that_was_started(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(children, "WALL_SECONDS", 0.5)
        forks = "os.fork(); os.fork(); os.execvp('sleep', ['sleep', '76543.21'])"

        with pytest.raises(TooHeavyError, match=r"longer than 0\.5 seconds"):
            ask(forks)

        assert running("76543.21") == []

    def test_comes_when_the_time_is_over_though_the_question_is_not_read(
        self, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(children, "WALL_SECONDS", 0.5)

        with pytest.raises(TooHeavyError, match=r"longer than 0\.5 seconds"):
            ask("time.sleep(60)", b"x" * 10_000_000)


class TestAnswer:
    def test_is_not_what_is_written_to_the_outputs(self, ask: Ask) -> None:
        program = """
print('{"outcome": "forged"}', flush=True)
os.write(2, b'noise')
os.write(int(sys.argv[2]), b'{"outcome": "real"}')
"""
        assert ask(program) == {"outcome": "real"}

    def test_of_the_real_child_takes_no_more_memory_than_it_may(self, tmp_path: Path) -> None:
        """A trial whose document asks for ever more ends the child, not this process."""
        before = resident()
        line = b'{"trial": ' + b"[" * 50_000_000

        with pytest.raises((TooHeavyError, ReaderError)):
            Child.start("try", str(tmp_path)).answer([line])

        assert resident() - before < 100 * 1024 * 1024


def resident() -> int:
    """Return the resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_the_start_says_what_a_child_keeps(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "ALL", ("wings",))

    with caplog.at_level(logging.INFO):
        say_isolation()

    assert [each.levelname for each in caplog.records] == ["WARNING"]
    assert "wings" in caplog.text
