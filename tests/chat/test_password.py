import asyncio

from sprat.chat import password
from sprat.chat.password import Password


async def test_only_the_password_fits(monkeypatch):
    monkeypatch.setattr(password, "_GUESS_S", 0)
    asked = Password("correct hörse")
    assert await asked.fits("correct hörse")
    for guess in ("", "correct horse", "correct hörse ", "\ud83d"):
        assert not await asked.fits(guess)


async def test_guesses_wait_one_for_another_and_more_than_a_few_are_refused_at_once(monkeypatch):
    delays = []
    gate = asyncio.Event()

    async def sleep(delay_s):
        delays.append(delay_s)
        await gate.wait()

    asked = Password("right")
    monkeypatch.setattr(password.asyncio, "sleep", sleep)
    waiting = [asyncio.ensure_future(asked.fits("right")) for _ in range(4)]
    while not delays:
        await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=0)
    refused = [await asked.fits("right") for _ in range(600)]  # returns while all others wait
    assert not any(refused)
    assert delays == [1.0]
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 4
    assert delays == [1.0] * 4  # a right one takes as long as a wrong one
    assert await asked.fits("right")
