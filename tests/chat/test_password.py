import asyncio

from sprat.chat import password
from sprat.chat.password import Password


async def test_only_the_password_fits(monkeypatch):
    monkeypatch.setattr(password, "_GUESS_S", 0)
    asked = Password("correct hörse")
    assert await asked.fits("correct hörse", "")
    for guess in ("", "correct horse", "correct hörse ", "\ud83d"):
        assert not await asked.fits(guess, "")


async def test_guesses_of_a_caller_wait_for_each_other_and_a_few_at_most_and_hold_up_nobody_else(
    monkeypatch,
):
    delays = []
    gate = asyncio.Event()

    async def sleep(delay_s):
        delays.append(delay_s)
        await gate.wait()

    asked = Password("right")
    monkeypatch.setattr(password.asyncio, "sleep", sleep)
    waiting = [asyncio.ensure_future(asked.fits("right", "a")) for _ in range(4)]
    while not delays:
        await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0)
    elsewhere = asyncio.ensure_future(asked.fits("right", "b"))
    refused = [await asked.fits("right", "a") for _ in range(600)]  # returns while all others wait
    assert not any(refused)
    await asyncio.wait({elsewhere}, timeout=0)
    assert delays == [1.0, 1.0]  # the first guess of each
    gate.set()
    assert await elsewhere
    assert await asyncio.gather(*waiting) == [True] * 4
    assert delays == [1.0] * 5  # a right one takes as long as a wrong one
    assert await asked.fits("right", "a")


async def test_callers_without_number_are_not_all_remembered(monkeypatch):
    gate = asyncio.Event()

    async def sleep(_):
        await gate.wait()

    asked = Password("right")
    monkeypatch.setattr(password.asyncio, "sleep", sleep)
    many = [asyncio.ensure_future(asked.fits("right", str(n))) for n in range(300)]
    await asyncio.wait(many, timeout=0)
    gate.set()
    assert sum(await asyncio.gather(*many)) == 256
    assert await asked.fits("right", "another")
