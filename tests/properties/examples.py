"""Sets of values that Hypothesis makes: rendered many at once, and one by one as soon as something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import given, seed
from hypothesis.strategies import SearchStrategy

from harness.batch import SIZE
from tests.properties.strategies import Values

Drawn = TypeVar("Drawn")
Answer = TypeVar("Answer")


def for_all(
    strategy: SearchStrategy[Drawn],
    number: int,
    sets: Callable[[Drawn], list[Values]],
    answers: Callable[[list[Values]], Sequence[Answer]],
    holds: Callable[..., object],
) -> None:
    """Hold `holds(drawn, *answers)` of whatever is drawn, where the answers are those about the `sets` made of it.

    All are drawn first, so that one call gives the answers about many, which are then forgotten. If something does not
    hold, Hypothesis draws the same again, and finds the smallest example of it. `number` is the seed.
    """
    examples: list[Drawn] = []

    @seed(number)
    @given(strategy)
    def draw(drawn: Drawn) -> None:
        examples.append(drawn)

    @seed(number)
    @given(strategy)
    def one_by_one(drawn: Drawn) -> None:
        holds(drawn, *answers(sets(drawn)))

    draw()
    try:
        for start in range(0, len(examples), SIZE):
            made = [(drawn, sets(drawn)) for drawn in examples[start : start + SIZE]]
            answered = iter(answers([values for _, each in made for values in each]))
            for drawn, each in made:
                holds(drawn, *(next(answered) for _ in each))
    except Exception:
        one_by_one()
        raise
