"""How far a sweep has come: a bar on a terminal, a line a minute in a log, else nothing."""

import sys
import time
from types import TracebackType

from tqdm import tqdm

LOG_SECONDS = 60.0


class Progress:
    """Counts points and failures, and shows them where somebody can look.

    Args:
        name: of the sweep.
        total: number of points.
        done: points that a store already holds.
        show: ``True`` for a bar, ``False`` for silence, ``None`` to decide by where stderr goes.
    """

    def __init__(self, name: str, total: int, done: int, show: bool | None) -> None:
        self._failures = 0
        bar = sys.stderr.isatty() if show is None else show
        self._logs = show is None and not bar and "ipykernel" not in sys.modules
        self._next = time.monotonic() + LOG_SECONDS
        self._bar = tqdm(
            total=total,
            initial=done,
            desc=name,
            unit=" points",
            unit_scale=False,
            dynamic_ncols=True,
            disable=not (bar or self._logs),
            # A log gets its own lines below; the bar then only counts.
            file=sys.stderr if bar else _Nowhere(),
        )

    def add(self, points: int, failures: int) -> None:
        """Points that are done, and how many of them failed."""
        self._failures += failures
        self._bar.set_postfix(failed=self._failures, refresh=False)
        self._bar.update(points)
        if self._logs and time.monotonic() >= self._next:
            self._next = time.monotonic() + LOG_SECONDS
            print(str(self._bar), file=sys.stderr, flush=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()


class _Nowhere:
    """A file that forgets."""

    def write(self, text: str) -> None:
        """Take no notice."""

    def flush(self) -> None:
        """Nothing to flush."""
