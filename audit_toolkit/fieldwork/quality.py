"""How far first visits and blind revisits of the same households agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..model import InspectorError, Judgement


def inspector_error(
    county_code: str, pairs: Sequence[tuple[Judgement, Judgement]]
) -> InspectorError:
    """Return the two-by-two counts of poverty found at first visit and at revisit.

    Parameters
    ----------
    county_code : str
        The county.
    pairs : sequence of (Judgement, Judgement)
        First visit and blind revisit of each household where both gave a response.
    """
    counts = Counter((first.poor, revisit.poor) for first, revisit in pairs)
    return InspectorError(
        county_code=county_code,
        pairs=len(pairs),
        both_poor=counts[True, True],
        first_only=counts[True, False],
        revisit_only=counts[False, True],
        neither=counts[False, False],
    )
