# SPDX-License-Identifier: Apache-2.0
"""The one place where the tests wait: for a condition, with a deadline, never for a time."""
import time

POLL_S = 0.01
#: Lines of every daemon's log that a failed wait shows.
TAIL_LINES = 40


class WaitFailed(AssertionError):
    """A condition did not come true before its deadline."""


def monotonic_ms():
    return time.monotonic_ns() / 1e6


def tail(text, lines=TAIL_LINES):
    """The last `lines` lines of a text."""
    return "\n".join(text.splitlines()[-lines:])


def wait_for(condition, deadline_s, what, logs=None, poll_s=POLL_S):
    """Calls `condition()` every `poll_s` until it returns something true, and returns that.

    An exception in the condition counts as "not yet". After `deadline_s` seconds this raises
    WaitFailed that says `what` was awaited, what the condition saw last and the end of every
    log; `logs` is a function that returns {name: text}.
    """
    end = time.monotonic() + deadline_s
    while True:
        last = None
        try:
            value = condition()
            if value:
                return value
            last = f"the last answer was {value!r}"
        except Exception as error:  # pylint: disable=broad-except
            last = f"the last try raised {type(error).__name__}: {error}"
        if time.monotonic() >= end:
            raise WaitFailed(_story(what, deadline_s, last, logs))
        time.sleep(poll_s)


def holds_for(condition, duration_s, what, logs=None, poll_s=POLL_S):
    """Fails as soon as `condition()` is not true within the next `duration_s` seconds.

    For what must *not* happen: it ends early only by failing.
    """
    end = time.monotonic() + duration_s
    while time.monotonic() < end:
        value = condition()
        if not value:
            raise WaitFailed(_story(f"{what} to stay true", duration_s,
                                    f"it turned into {value!r}", logs))
        time.sleep(poll_s)


def _story(what, deadline_s, last, logs):
    parts = [f"waited {deadline_s} s for {what}: {last}"]
    for name, text in (logs() if logs else {}).items():
        parts.append(f"---- {name} ----\n{tail(text)}")
    return "\n".join(parts)
