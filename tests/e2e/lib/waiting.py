"""Waiting for a condition."""

import time

PATIENCE_SECONDS = 600  # only a hang takes longer, and most tests have a shorter limit of their own
ANSWER_SECONDS = 60  # for what a hub and its replicas tell each other


def wait_until(condition, what="it never came true", seconds=PATIENCE_SECONDS, pause=0.002):
    """Asks again until the condition holds and returns what it returned; TimeoutError, saying `what`, when it
    never does. The pause leaves the processors to those who work."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(what() if callable(what) else what)
        time.sleep(pause)
    return answer


def wait_for(what, look):
    """The first true answer of `look`, which asks a process each time."""
    return wait_until(look, f"waited in vain: {what}", ANSWER_SECONDS)
