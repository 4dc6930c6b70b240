"""Second waves: further units only where looking at the first cannot have steered them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .._checks import check_count
from .._show import Table
from ..acceptance import TwoStagePlan
from ..errors import SamplingError
from ..results import Result
from .finite import SequentialTest
from .strata import StratifiedSequential

Rule = TwoStagePlan | SequentialTest | StratifiedSequential


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWave(Result):
    """Further units that a rule allows.

    Parameters
    ----------
    n : int
        Further units, the next ones of the same order.
    rule : {"two-stage", "anytime"}
        What allows them: a plan declared before the first, or a test valid at any time.
    seen_n, seen_errors : int
        Units and errors of the first wave.
    errors_allowed : int or None
        Most errors among the further units that pass; None when none can, or when it depends on
        the strata they come from.
    """

    n: int
    rule: Literal["two-stage", "anytime"]
    seen_n: int
    seen_errors: int
    errors_allowed: int | None

    def _table(self) -> Table:
        passing = "-" if self.errors_allowed is None else str(self.errors_allowed)
        return Table(
            title=f"Second wave by the {self.rule} rule",
            columns=("seen", "errors", "further", "passes with at most"),
            rows=((str(self.seen_n), str(self.seen_errors), str(self.n), passing),),
        )


def plan_second_wave(
    rule: Rule,
    *,
    errors: int | None = None,
    n: int | None = None,
    further: int | None = None,
) -> SecondWave:
    r"""Second wave that continues the order of the first, or a refusal with its reason.

    Only two rules keep the risk that was printed: a two-stage plan declared before the first unit
    was visited, or a test that is valid at any time. A size chosen after looking, with a test for
    one look, is refused.

    Parameters
    ----------
    rule : TwoStagePlan, SequentialTest or StratifiedSequential
        The plan as declared, or the test as updated by all units seen.
    errors, n : int, optional
        Errors and units of the first wave: needed with a plan; a test knows them.
    further : int, optional
        Further units wanted. With a plan only its second size; with a test any number, by default
        as many as its projection says; needed over strata.

    Returns
    -------
    SecondWave
        How many more units, and how many errors among them pass.

    Raises
    ------
    SamplingError
        The rule is neither ("second-wave-undeclared"), the first wave is not that of the plan
        ("first-wave-differs"), it has decided already ("already-decided"), the size is another
        than declared ("size-after-looking"), or the population is used up ("population-used-up").
    ArgumentError
        A count is outside its domain.

    Notes
    -----
    Two looks by the rule for one, 300 and 300 units at 2 %, pass wrongly in 5.3 % instead of
    5 %; for measurements, with no gaps between values, in about 8 %; with more looks the risk goes
    on growing.

    References
    ----------
    .. [1] R. Simon, "Optimal two-stage designs for phase II clinical trials", *Controlled Clinical
       Trials* 10, 1989, 1-10.
    .. [2] P. Armitage, C. K. McPherson, B. C. Rowe, "Repeated significance tests on accumulating
       data", *Journal of the Royal Statistical Society A* 132, 1969, 235-244.

    Examples
    --------
    >>> from sampling import SequentialTest, plan_two_stage
    >>> plan = plan_two_stage(acceptable_rate=0.007, rejectable_rate=0.02, sizes=(300, 300))
    >>> wave = plan_second_wave(plan, n=300, errors=2)
    >>> wave.n, wave.errors_allowed
    (300, 4)
    >>> plan_second_wave(SequentialTest(2000, 0.02).update(1, 200)).n
    90
    """
    if isinstance(rule, TwoStagePlan):
        return _by_plan(rule, errors, n, further)
    if isinstance(rule, SequentialTest):
        return _by_test(rule, errors, n, further)
    if isinstance(rule, StratifiedSequential):
        return _by_strata(rule, further)
    what = type(rule).__name__
    raise SamplingError(
        "a second wave needs a two-stage plan declared before the first, or a test valid at any "
        f"time; got {what}. A size chosen after looking raises the risk of its claims. Declare a "
        "two-stage plan before the first wave, or judge all units by a SequentialTest.",
        code="second-wave-undeclared",
        got=what,
    )


def _by_plan(
    plan: TwoStagePlan, errors: int | None, n: int | None, further: int | None
) -> SecondWave:
    seen = check_count("n", -1 if n is None else n, least=0)
    if seen != plan.first_size:
        raise SamplingError(
            f"the first wave must be the {plan.first_size} units of the plan; got {seen}. Finish "
            "it, counting units not reached as the plan says.",
            code="first-wave-differs",
            planned=plan.first_size,
            got=seen,
        )
    wrong = check_count("errors", -1 if errors is None else errors, least=0, most=seen)
    conclusion = plan.first_conclusion(wrong)
    if conclusion != "inconclusive":
        raise _decided(conclusion, wrong, seen)
    if further is not None and further != plan.second_size:
        raise SamplingError(
            f"the second wave must be the {plan.second_size} units declared; got {further}. Its "
            "size was fixed before the first was seen, and so were its risks.",
            code="size-after-looking",
            planned=plan.second_size,
            got=further,
        )
    allowed = plan.acceptance_number - wrong
    return SecondWave(
        n=plan.second_size,
        rule="two-stage",
        seen_n=seen,
        seen_errors=wrong,
        errors_allowed=allowed if allowed >= 0 else None,
    )


def _by_test(
    test: SequentialTest, errors: int | None, n: int | None, further: int | None
) -> SecondWave:
    told = (test.errors if errors is None else errors, test.n if n is None else n)
    if told != (test.errors, test.n):
        raise SamplingError(
            f"the test must have seen the first wave; it has seen {test.errors} errors in "
            f"{test.n}, got {told[0]} in {told[1]}. Update it first.",
            code="first-wave-differs",
            planned=(test.errors, test.n),
            got=told,
        )
    if test.conclusion != "inconclusive":
        raise _decided(test.conclusion, test.errors, test.n)
    left = test.population_size - test.n
    if left == 0:
        raise SamplingError(
            f"the population of {test.population_size} must have units left; all were seen.",
            code="population-used-up",
            population_size=test.population_size,
        )
    units = further if further is not None else test.projected() or left
    units = check_count("further", units, least=1, most=left)
    low, high = -1, min(units, test.limit) + 1
    while high - low > 1:
        middle = (low + high) // 2
        passes = test.update(middle, units).conclusion == "pass"
        low, high = (middle, high) if passes else (low, middle)
    return SecondWave(
        n=units,
        rule="anytime",
        seen_n=test.n,
        seen_errors=test.errors,
        errors_allowed=low if low >= 0 else None,
    )


def _by_strata(test: StratifiedSequential, further: int | None) -> SecondWave:
    seen, wrong = sum(test.n), sum(test.errors)
    if test.conclusion != "inconclusive":
        raise _decided(test.conclusion, wrong, seen)
    left = sum(test.sizes) - seen
    return SecondWave(
        n=check_count("further", -1 if further is None else further, least=1, most=left),
        rule="anytime",
        seen_n=seen,
        seen_errors=wrong,
        errors_allowed=None,
    )


def _decided(conclusion: str, errors: int, n: int) -> SamplingError:
    return SamplingError(
        f"a second wave needs an open first; {errors} errors in {n} already decide: {conclusion}. "
        "Further units could only undo what was decided.",
        code="already-decided",
        conclusion=conclusion,
        errors=errors,
        n=n,
    )
