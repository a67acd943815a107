"""What the stores of points promise beside the contract: writers need not wait for each other."""

import time
from collections.abc import Callable

import pytest
from tests.rag.store.contract import StoreContract, passages_of, put
from tests.rag.store.samples import BREAD, FISH, cut, document

from sprat.rag.store.points import LEFT_S, PointStore

LAST = document(text=BREAD)


def interrupt(store: PointStore, call: str, then: Callable[[], object]) -> None:
    """Just before the next `call` of the store's points, and that one only, do something else."""
    points = store._points
    going_on = getattr(points, call)

    def interrupted(*given, **named):
        setattr(points, call, going_on)
        then()
        return going_on(*given, **named)

    setattr(points, call, interrupted)


class PointsContract(StoreContract):
    """Subclasses give `opener`."""

    def test_of_two_writers_of_one_file_the_last_one_is_kept_whole(self, store: PointStore):
        interrupt(store, "delete_passages", lambda: put(store, LAST))
        put(store, document(text=FISH))
        assert store.text(LAST.file) == BREAD
        assert passages_of(store, store.lexical("sourdough", 5)) == cut(LAST)[1:]
        assert store.info().passages == 2

    def test_a_removal_takes_nothing_of_a_writer_that_is_about_to_commit(self, store: PointStore):
        put(store, document(text=FISH))
        points = store._points
        upsert = points.upsert

        def removed_meanwhile(some):
            upsert(some)
            points.upsert = upsert
            store.remove([LAST.file])

        points.upsert = removed_meanwhile
        put(store, LAST)
        assert passages_of(store, store.lexical("sourdough", 5)) == cut(LAST)[1:]

    def test_what_a_killed_writer_left_goes_with_the_next_one_a_day_later(
        self, store: PointStore, monkeypatch: pytest.MonkeyPatch
    ):
        def killed():
            raise KeyboardInterrupt

        points = store._points
        upsert = points.upsert

        def killed_before_the_commit(some):
            upsert(some)
            interrupt(store, "upsert", killed)

        points.upsert = killed_before_the_commit
        with pytest.raises(KeyboardInterrupt):
            put(store, document(text=FISH))
        points.upsert = upsert
        put(store, LAST)
        assert store.info().passages == 4
        now = time.time()
        monkeypatch.setattr("time.time", lambda: now + LEFT_S + 1)
        put(store, LAST)
        assert store.info().passages == 2
        assert passages_of(store, store.lexical("sourdough", 5)) == cut(LAST)[1:]
