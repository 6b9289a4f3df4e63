"""Waiting on a condition, never on a clock."""

import time


class Timeout(AssertionError):
    """What was waited for did not come."""


def wait_until(condition, timeout, what, every=0.02):
    """Call `condition` until it returns something true; return that.

    `what` says what was waited for, as text or as a function that is asked when time is up.
    """
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            text = what() if callable(what) else what
            raise Timeout(f'after {timeout} s still not: {text}')
        time.sleep(every)
        every = min(every * 1.2, 0.25)
