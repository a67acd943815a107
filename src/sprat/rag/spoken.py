"""An answer on its way to the caller: clean, and with the numbers of its passages."""

from sprat.rag.clean import Cleaner


class Spoken:
    """Collects what is shown of one answer."""

    def __init__(self, question: str, most: int) -> None:
        """`most`: how many passages there are to cite."""
        self.text = ""
        self.cited: list[int] = []
        """Numbers of passages, in the order in which the answer cites them."""
        self._cleaner = Cleaner(question, most, self._cite)

    @property
    def cited_wrongly(self) -> int:
        """Citations of passages that there are not; they are not shown."""
        return self._cleaner.wrong

    def say(self, piece: str) -> str:
        """What of it can be shown by now."""
        return self._shown(self._cleaner.feed(piece))

    def end(self, number: int | None) -> str:
        """What was held back; then `number`, if the answer cites nothing by itself."""
        more = self._shown(self._cleaner.rest().rstrip())
        if number is not None and not self.cited:
            self._cite(number)
            more += self._shown(f" [{number}]")
        return more

    def _cite(self, number: int) -> None:
        if number not in self.cited:
            self.cited.append(number)

    def _shown(self, text: str) -> str:
        more = text if self.text else text.lstrip()
        self.text += more
        return more
