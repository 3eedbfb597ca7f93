"""What the registry remembers: for two seconds by the clock, for reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from accounts.models import Membership
from catalog.models import Verdict
from registry import warm
from registry.bridge import Bridge
from registry.warm import Decisions
from tests.registry.driving import DATABASE, Client, judge, publish


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(warm, "time", clock)
    monkeypatch.setattr(warm, "SECONDS", 2.0)
    return clock


class Decider:
    """Decides, and counts how often."""

    def __init__(self, *, slowly: bool = False) -> None:
        self.times = 0
        self.go = asyncio.Event()
        if not slowly:
            self.go.set()

    async def __call__(self) -> int:
        self.times += 1
        number = self.times
        await self.go.wait()
        return number


async def of(decisions: Decisions[int], key: str, decide: Callable[[], Awaitable[int]]) -> int:
    return (await decisions.of("acme/jwt", key, decide)).value


class TestDecisions:
    def test_hold_for_two_seconds_from_when_they_were_begun(self, clock: Clock) -> None:
        async def story() -> list[int]:
            decisions: Decisions[int] = Decisions(10)
            decide = Decider()
            found = [await of(decisions, "edge", decide)]
            clock.now += 1.9
            found.append(await of(decisions, "edge", decide))
            clock.now += 0.2
            return [*found, await of(decisions, "edge", decide)]

        assert asyncio.run(story()) == [1, 1, 2]

    def test_are_made_once_for_all_who_ask_at_the_same_time(self, clock: Clock) -> None:
        async def story() -> tuple[list[int], int]:
            decisions: Decisions[int] = Decisions(10)
            decide = Decider(slowly=True)
            asked = [asyncio.create_task(of(decisions, "edge", decide)) for _ in range(500)]
            await asyncio.sleep(0)
            asked[0].cancel()
            decide.go.set()
            return await asyncio.gather(*asked[1:]), decide.times

        assert asyncio.run(story()) == ([1] * 499, 1)

    def test_that_were_begun_before_a_write_are_not_for_who_asks_after_it(
        self, clock: Clock
    ) -> None:
        async def story() -> tuple[int, int, int]:
            decisions: Decisions[int] = Decisions(10)
            decide = Decider(slowly=True)
            before = asyncio.create_task(of(decisions, "edge", decide))
            await asyncio.sleep(0)
            decisions.forget("acme/jwt")
            after = asyncio.create_task(of(decisions, "edge", decide))
            await asyncio.sleep(0)
            decide.go.set()
            return await before, await after, await of(decisions, "edge", decide)

        assert asyncio.run(story()) == (1, 2, 2)

    def test_that_take_too_long_are_not_for_who_comes_late(self, clock: Clock) -> None:
        async def story() -> tuple[int, int]:
            decisions: Decisions[int] = Decisions(10)
            decide = Decider(slowly=True)
            early = asyncio.create_task(of(decisions, "edge", decide))
            await asyncio.sleep(0)
            clock.now += 2.1
            late = asyncio.create_task(of(decisions, "edge", decide))
            await asyncio.sleep(0)
            decide.go.set()
            return await early, await late

        assert asyncio.run(story()) == (1, 2)

    def test_that_failed_are_not_remembered(self, clock: Clock) -> None:
        async def fail() -> int:
            raise LookupError

        async def story() -> int:
            decisions: Decisions[int] = Decisions(10)
            with pytest.raises(LookupError):
                await of(decisions, "edge", fail)
            return await of(decisions, "edge", Decider())

        assert asyncio.run(story()) == 1

    def test_are_bounded_and_the_oldest_goes_first(self, clock: Clock) -> None:
        async def story() -> list[int]:
            decisions: Decisions[int] = Decisions(10, weigh=lambda _number: 4)
            decide = Decider()
            for key in "abc":
                await of(decisions, key, decide)
            return [await of(decisions, key, decide) for key in "cba"]

        assert asyncio.run(story()) == [3, 2, 4]


@pytest.mark.usefixtures("clock")
@DATABASE
class TestReads:
    @pytest.fixture
    def passed(self, registry: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
        monkeypatch.setattr(warm, "SECONDS", 2.0)
        packed = registry.push("acme/jwt", "1.0.0")
        registry.push("acme/jwt", "edge", packed)
        judge(packed, Verdict.PASSED)
        return registry

    def test_who_loses_a_right_loses_it_within_two_seconds_and_for_writes_at_once(
        self, passed: Client, clock: Clock
    ) -> None:
        def read() -> int:
            return passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="bob").status_code

        first = read()
        Membership.objects.filter(user__username="bob").delete()
        write = passed("POST", "/v2/acme/jwt/blobs/uploads/", who="bob").status_code
        clock.now += 2.1

        assert (first, write, read()) == (200, 404, 404)

    def test_what_follows_from_a_lost_right_ends_with_it(
        self, passed: Client, clock: Clock
    ) -> None:
        passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="bob")
        Membership.objects.filter(user__username="bob").delete()
        clock.now += 1.9
        late = passed("GET", "/v2/acme/jwt/manifests/edge", who="bob").status_code
        clock.now += 0.2

        again = passed("GET", "/v2/acme/jwt/manifests/edge", who="bob").status_code

        assert (late, again) == (200, 404)

    def test_one_visitor_never_gets_what_was_decided_for_another(self, passed: Client) -> None:
        assert passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="bob").status_code == 200

        assert passed("GET", "/v2/acme/jwt/manifests/1.0.0", who="mallory").status_code == 404
        assert passed("GET", "/v2/acme/jwt/manifests/1.0.0", who=None).status_code == 401

    def test_who_wrote_reads_what_they_wrote(self, passed: Client) -> None:
        before = passed("GET", "/v2/acme/jwt/manifests/edge").content
        packed = passed.push("acme/jwt", "edge")

        after = passed("GET", "/v2/acme/jwt/manifests/edge").content

        assert before != after
        assert after == packed.manifest

    def test_a_warm_read_asks_neither_the_database_nor_the_disk(
        self, passed: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish("acme/jwt")
        packed = passed.push("acme/jwt", "2.0.0")
        judge(packed, Verdict.PASSED)
        paths = ("manifests/2.0.0", f"blobs/{packed.layer.digest}")
        for path in paths:
            assert passed("GET", f"/v2/acme/jwt/{path}", who="mallory").status_code == 200
        # The only way from the event loop to either.
        monkeypatch.delattr(Bridge, "_running")

        answers = [passed("GET", f"/v2/acme/jwt/{path}", who="mallory") for path in paths]

        assert [answer.status_code for answer in answers] == [200, 200]
        with pytest.raises(AttributeError, match="_running"):
            passed("HEAD", f"/v2/acme/jwt/{paths[1]}", who="bob")
