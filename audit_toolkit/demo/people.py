"""Who acts in the demo: fictitious people, in the roles of the table of permissions.

Surnames follow the old list of a hundred surnames and given names are numbers, as in the
proverbial 张三 and 李四, so that nobody takes them for real persons.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Person, Role

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章"
_NUMBERS = "一二三四五六七八九"

INSPECTORS_PER_COUNTY = 4
REVIEWERS = 3


def cast(county_codes: Sequence[str]) -> tuple[Person, ...]:
    """Return everybody of a round over ``county_codes``, the administrator first.

    For each county a team lead, four inspectors and somebody who answers for the county; for the
    round an administrator, an evaluator, three reviewers, the province and an observer.

    Examples
    --------
    >>> [p.person_id for p in cast(["900121"])][:4]
    ['administrator', 'evaluator', 'reviewer-1', 'reviewer-2']
    """
    everywhere = tuple(county_codes)
    roles: list[tuple[str, Role, tuple[str, ...]]] = [
        ("administrator", Role.ADMINISTRATOR, ()),
        ("evaluator", Role.EVALUATOR, ()),
        *((f"reviewer-{n}", Role.REVIEWER, everywhere) for n in range(1, REVIEWERS + 1)),
        ("province", Role.PROVINCE, ()),
        ("observer", Role.OBSERVER, everywhere),
    ]
    for code in county_codes:
        roles.append((f"lead-{code}", Role.TEAM_LEAD, (code,)))
        roles.extend(
            (f"inspector-{code}-{n}", Role.INSPECTOR, (code,))
            for n in range(1, INSPECTORS_PER_COUNTY + 1)
        )
        roles.append((f"county-{code}", Role.COUNTY, (code,)))
    return tuple(
        Person(person_id=person_id, name=_name(place), role=role, counties=counties)
        for place, (person_id, role, counties) in enumerate(roles)
    )


def _name(place: int) -> str:
    """Return the placeholder name of the person at that place of the cast."""
    return _SURNAMES[place % len(_SURNAMES)] + _NUMBERS[(place + place // len(_SURNAMES)) % 9]


def having(people: Sequence[Person], role: Role, county_code: str | None = None) -> list[Person]:
    """Return the people of a role, of one county where it is given, in order of their ids."""
    return sorted(
        (
            p
            for p in people
            if p.role is role and (county_code is None or county_code in p.counties)
        ),
        key=lambda person: person.person_id,
    )
