"""One timer wheel for the whole process: heartbeats, leases, graces and deadlines.

Setting, moving and cancelling a timer is O(1) and makes no asyncio handle; the wheel turns once per slot. A timer
fires in the slot at or after its deadline, never before it; equal deadlines in the order in which they were set.
"""

from __future__ import annotations

from collections.abc import Callable


class Timer:
    """A pending call. Keep it to `cancel` it; it is inert once it has fired or been cancelled."""

    __slots__ = ("_index", "_slots", "call", "due_s")

    def __init__(
        self, call: Callable[[], None], due_s: float, slots: dict[int, dict[Timer, None]], index: int
    ) -> None:
        self.call = call
        self.due_s = due_s
        self._slots: dict[int, dict[Timer, None]] | None = slots
        self._index = index
        slots.setdefault(index, {})[self] = None

    @property
    def pending(self) -> bool:
        return self._slots is not None

    def cancel(self) -> None:
        slots, self._slots = self._slots, None
        if slots is None:
            return
        slot = slots[self._index]
        del slot[self]
        if not slot:  # its time may be a day away, and others come and go meanwhile
            del slots[self._index]


class TimerWheel:
    """Slots of `slot_s` seconds. Somebody turns it (`turn(now)`): the event loop in the server, the test in a test."""

    def __init__(self, now_s: float, *, slot_s: float = 0.1) -> None:
        self.slot_s = slot_s
        self._slots: dict[int, dict[Timer, None]] = {}
        self._now_s = now_s
        self._turned = int(now_s / slot_s)

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call `call` once, `delay_s` seconds after the last turn (not before)."""
        due_s = self._now_s + max(delay_s, 0.0)
        index = max(int(due_s / self.slot_s) + 1, self._turned + 1)
        return Timer(call, due_s, self._slots, index)

    def turn(self, now_s: float) -> None:
        """Fire everything due by `now_s`, in order of slots. A call may set further timers.

        A call that raises stops the turn; the rest of what is due fires with the next one.
        """
        self._now_s = max(now_s, self._now_s)
        last = int(now_s / self.slot_s)
        if last - self._turned > len(self._slots):
            due = sorted(index for index in self._slots if index <= last)
        else:
            due = [index for index in range(self._turned + 1, last + 1) if index in self._slots]
        for index in due:
            for timer in sorted(self._slots.get(index, ()), key=lambda t: t.due_s):
                if timer.pending:
                    timer.cancel()
                    timer.call()
            self._turned = index
        self._turned = max(last, self._turned)

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))
