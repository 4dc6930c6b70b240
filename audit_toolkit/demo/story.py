"""The demo: special evaluations of fictitious counties, from filed register to recommendation.

Acts only through `workflow`, as any user would. Clock, salts, shares and dice are made from the
demo's seed, so that a second run gives the same bytes; a real round takes them from the world.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .. import verify_draw, workflow
from ..errors import OperatorError, RegisterError
from ..machine import named_stream
from ..model import (
    Answer,
    BlindHousehold,
    CaseState,
    County,
    MatchKind,
    MatchProblem,
    Person,
    Role,
    Verdict,
    Visit,
    VisitKind,
)
from ..text import day, say
from .faults import write_faulty_register
from .field import Field
from .people import cast, having

START = datetime(2020, 1, 6, 1, 0, tzinfo=UTC)
HOLDERS = ("institution", "province")
PLANS: dict[int, dict[str, int]] = {0: {"villages": 50}, 3: {"villages": 50}}
"""Counties by place whose plan is larger than usual, so that a clean one can be shown to be so."""

DECISIONS = {
    MatchKind.LISTED_TWICE: "merge",
    MatchKind.SPLIT: "merge",
    MatchKind.REGISTER_ONLY: "keep",
    MatchKind.UNKNOWN_REGISTER_ID: "unregistered",
    MatchKind.POSSIBLY_REGISTERED: "same",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CountySummary:
    """How one county came out, beside the truth that only the demo knows."""

    county_code: str
    name: str
    outcome: str
    reasons: tuple[str, ...]
    official: str
    wrongful_exit_rate: float | None
    true_wrongful_exit_rate: float
    omission_rate: float | None
    true_omission_rate: float
    composite_incidence: float | None
    true_composite_incidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySummary:
    """What the demo left behind."""

    folder: str
    households: int
    visits: int
    cases: int
    draw_verified: bool
    journal_entries: int
    journal_head: str
    counties: tuple[CountySummary, ...]
    reports: tuple[str, ...]


class World:
    """The demo's stand-in for clock, secure bytes, shares and dice, all from one seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._now = START
        self._drawn = 0

    def clock(self) -> datetime:
        """Return a time a second after the last."""
        self._now += timedelta(seconds=1)
        return self._now

    def secret_bytes(self, count: int) -> bytes:
        """Return bytes from the seed."""
        self._drawn += 1
        return named_stream(f"{self._seed}|bytes|{self._drawn}").bytes(count)

    def share(self, holder: str) -> str:
        """Return a holder's share from the seed."""
        return hashlib.sha256(f"{self._seed}|share|{holder}".encode()).hexdigest()

    def dice(self) -> str:
        """Return 25 dice digits from the seed."""
        rolls = named_stream(f"{self._seed}|dice").integers(1, 7, size=25)
        return "".join(str(roll) for roll in rolls)

    def context(self, person_id: str) -> workflow.Context:
        """Return the context in which a person of the demo acts."""
        return workflow.Context(
            person_id=person_id,
            clock=self.clock,
            secret_bytes=self.secret_bytes,
            rng=lambda name: named_stream(f"{self._seed}|{name}"),
        )


class Story:
    """One run of the demo."""

    def __init__(
        self,
        out: Path,
        seed: str,
        language: str,
        tell: Callable[[str], None],
        *,
        world: Path | None = None,
        counties: int | None = None,
    ) -> None:
        self.out = out
        self.seed = seed
        self.language = language
        self.tell = tell
        self.world = World(seed)
        self.made = out / "world" if world is None else world
        self.lists = self.made / "lists"
        self.store = workflow.open_store(out / "round", create=True)
        self.round = json.loads((self.made / "round.json").read_text(encoding="utf-8"))
        self.counties = tuple(
            County(county_code=c["county_code"], name=c["name"])
            for c in self.round["counties"][:counties]
        )
        self.people = cast([c.county_code for c in self.counties])
        self.field = Field(self.made)
        self.visits = 0

    def say(self, key: str, **fields: object) -> None:
        """Tell one line."""
        self.tell(say(f"demo.{key}", self.language, **fields))

    def by(self, person_id: str) -> workflow.Context:
        """Return a person's context."""
        return self.world.context(person_id)

    def first(self, role: Role, county_code: str | None = None) -> Person:
        """Return the first person of a role."""
        return having(self.people, role, county_code)[0]

    def open_round(self) -> None:
        """Open the round and name its people."""
        self.say("stage-round")
        administrator = self.first(Role.ADMINISTRATOR)
        workflow.open_round(
            self.by(administrator.person_id),
            self.store,
            administrator_name=administrator.name,
            province_code=self.round["province_code"],
            exit_year=self.round["exit_year"],
            round_name=self.round["round_name"],
            institution=self.round["institution"],
            counties=self.counties,
            rule_text=workflow.rule_text(self.round["rule_set_id"]),
        )
        for person in self.people:
            if person.role is not Role.ADMINISTRATOR:
                workflow.add_person(self.by(administrator.person_id), self.store, person)
        self.say("round", counties=len(self.counties), people=len(self.people))

    def take_in_lists(self) -> int:
        """Take in both lists of every county and freeze them."""
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        for county in self.counties:
            code = county.county_code
            registered = workflow.import_register(
                evaluator, self.store, self.lists / f"{code}_register.csv", county_code=code
            )
            rural = workflow.import_roster(
                evaluator, self.store, self.lists / f"{code}_roster.csv", county_code=code
            )
            decided = self._decide_matches(evaluator, code)
            self.say(
                "lists", county=county.name, registered=registered, rural=rural, decided=decided
            )
        frozen = workflow.freeze(evaluator, self.store)
        self.say("frozen", count=frozen.unit_count, root=frozen.root)
        self.say("frame-digest", digest=frozen.public_frame_sha256)
        return frozen.unit_count

    def show_refusal(self) -> None:
        """Show how a faulty register is refused."""
        self.say("stage-lists")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        code = self.counties[0].county_code
        faulty = self.out / "faulty_register.csv"
        write_faulty_register(self.lists / f"{code}_register.csv", faulty)
        try:
            workflow.import_register(evaluator, self.store, faulty, county_code=code)
        except RegisterError as refusal:
            self.say("refused", file=faulty.name, count=len(refusal.problems))
            for problem in refusal.problems.problems:
                self.tell(f"     {workflow.problem_words(problem, self.language)}")

    def _decide_matches(self, evaluator: workflow.Context, code: str) -> int:
        problems = workflow.match(evaluator, self.store, county_code=code)
        path = self.out / f"{code}_decisions.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["problem_id", "decision", "reason"])
            for problem in problems:
                reason = say("demo.decision-reason", self.language)
                writer.writerow([problem.problem_id, _decision(problem), reason])
        return len(workflow.decide_matches(evaluator, self.store, path, county_code=code))

    def plan(self) -> None:
        """Plan every county and print sizes and risks."""
        self.say("stage-plan")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        for place, county in enumerate(self.counties):
            plan = workflow.plan_county(
                evaluator, self.store, county_code=county.county_code, **PLANS.get(place, {})
            )
            self.say("county", name=county.name)
            for line in workflow.plan_words(plan, self.language):
                self.tell(f"    {line}")

    def draw(self) -> None:
        """Hold the ceremony and draw."""
        self.say("stage-ceremony")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        shares = {holder: self.world.share(holder) for holder in HOLDERS}
        commitments = {h: workflow.commitment_of(h, s) for h, s in shares.items()}
        workflow.commit(evaluator, self.store, commitments)
        dice = self.world.dice()
        witnesses = [p.name for p in having(self.people, Role.OBSERVER)] + [
            self.first(Role.PROVINCE).name
        ]
        workflow.enter_dice(
            evaluator, self.store, digits=dice, digits_again=dice, witnesses=witnesses
        )
        record = workflow.ceremony_record(evaluator, self.store, language=self.language)
        (self.out / "ceremony_record.txt").write_text(record, encoding="utf-8")
        for line in record.splitlines():
            self.tell(f"    {line}")
        drawn = workflow.draw_sample(evaluator, self.store, shares)
        self.say(
            "drawn",
            villages=len(drawn.villages),
            households=sum(not h.reserve for h in drawn.households),
            certain=sum(v.certainty for v in drawn.villages),
            digest=drawn.digest,
        )

    def send_out(self) -> None:
        """Assign, and release the first villages, so that inspectors may set out."""
        workflow.assign_inspectors(self.by(self.first(Role.EVALUATOR).person_id), self.store)
        for county in self.counties:
            code = county.county_code
            lead = self.by(self.first(Role.TEAM_LEAD, code).person_id)
            workflow.release_villages(lead, self.store, county_code=code, kind=VisitKind.FIRST)

    def visit(self) -> None:
        """Assign, release by stage, and take in findings one visit at a time."""
        self.say("stage-field")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        assigned = workflow.assign_inspectors(evaluator, self.store)
        self.say("assigned", count=assigned)
        for county in self.counties:
            code = county.county_code
            lead = self.by(self.first(Role.TEAM_LEAD, code).person_id)
            before = self.visits
            for kind in (VisitKind.FIRST, VisitKind.REVISIT):
                workflow.release_villages(lead, self.store, county_code=code, kind=kind)
                for inspector in having(self.people, Role.INSPECTOR, code):
                    self._inspect(inspector, code)
            workflow.lock_findings(lead, self.store, county_code=code)
            self.say("visited", county=county.name, count=self.visits - before)

    def _inspect(self, inspector: Person, code: str) -> None:
        context = self.by(inspector.person_id)
        for village in workflow.my_villages(context, self.store):
            workflow.arrive(context, self.store, psu=village.psu)
        for household in workflow.my_visits(context, self.store):
            if household.state.value == "released":
                self._visit_or_replace(context, household, code)

    def _visit_or_replace(
        self, context: workflow.Context, household: BlindHousehold, code: str
    ) -> None:
        """Visit a household; while nobody can be met and a reserve is left, take the next."""
        current: BlindHousehold | None = household
        while current is not None:
            found = self.field.visit(code, current, inspector_id=context.person_id)
            workflow.record_visit(
                context,
                self.store,
                Visit(
                    assignment_id=current.assignment_id,
                    outcome=found.outcome,
                    answers=tuple(Answer(question=q, value=v) for q, v in found.answers),
                    device_at=self.world.clock(),
                ),
            )
            self.visits += 1
            if found.replacement_reason and current.kind is VisitKind.FIRST:
                current = self._next_reserve(context, current, found.replacement_reason)
            else:
                current = None

    def _next_reserve(
        self, context: workflow.Context, household: BlindHousehold, reason_code: str
    ) -> BlindHousehold | None:
        """Return the reserve that takes a household's place, or None where none is left."""
        try:
            return workflow.replace(
                context,
                self.store,
                assignment_id=household.assignment_id,
                reason_code=reason_code,
            )
        except OperatorError as refusal:
            if refusal.code != "reserves-used-up":
                raise
            return None

    def compare(self) -> int:
        """Compare filed with found, rule on cases, check step logs."""
        self.say("stage-compare")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        total = 0
        for county in self.counties:
            code = county.county_code
            workflow.import_steps(
                evaluator, self.store, self.lists / f"{code}_steps.csv", county_code=code
            )
            made = workflow.compare_county(evaluator, self.store, county_code=code)
            confirmed = self._rule(code)
            faults = workflow.check_procedures(evaluator, self.store, county_code=code)
            rectify = workflow.to_rectify(evaluator, self.store, county_code=code)
            self.say(
                "compared",
                county=county.name,
                discrepancies=len(made.discrepancies),
                cases=len(made.cases),
                confirmed=confirmed,
                rectify=len(rectify),
                faults=len(faults),
                county_faults=sum(not f.household_id for f in faults),
            )
            total += len(made.cases)
        return total

    def _rule(self, code: str) -> int:
        """Let two reviewers rule on each case, face to face; a third if they differ."""
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        reviewers = having(self.people, Role.REVIEWER)
        confirmed = 0
        for case, _, _ in workflow.cases(evaluator, self.store, county_code=code):
            state = CaseState.OPEN
            for reviewer in reviewers:
                if state in (CaseState.CONFIRMED, CaseState.DISMISSED):
                    break
                stands = self.field.check_case(
                    code, case.household_id, case.kind.value, reviewer_id=reviewer.person_id
                )
                verdict = Verdict.CONFIRMED if stands else Verdict.DISMISSED
                state = workflow.rule_case(
                    self.by(reviewer.person_id),
                    self.store,
                    case_id=case.case_id,
                    verdict=verdict,
                    reason=say(f"demo.ruling-{verdict.value}", self.language),
                )
            confirmed += state is CaseState.CONFIRMED
        return confirmed

    def conclude(self) -> tuple[CountySummary, ...]:
        """Estimate, recommend, and hear what province and counties answer."""
        self.say("stage-conclude")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        truth = json.loads((self.made / "truth" / "rates.json").read_text(encoding="utf-8"))
        summaries = []
        for result in workflow.estimate(evaluator, self.store):
            code = result.key.county_code
            name = next(c.name for c in self.counties if c.county_code == code)
            line = workflow.sentence(
                evaluator, self.store, county_code=code, language=self.language
            )
            self.say("outcome", county=name, sentence=line)
            self._answer(code, result.outcome.kind.value)
            rates = {i.name: i.estimate for i in reversed(result.indicators) if i.unit == "persons"}
            true = truth[code]["persons"]
            summaries.append(
                CountySummary(
                    county_code=code,
                    name=name,
                    outcome=result.outcome.kind.value,
                    reasons=result.outcome.reasons,
                    official=result.outcome.official_kind.value,
                    wrongful_exit_rate=rates["wrongful_exit_rate"],
                    true_wrongful_exit_rate=true["wrongful_exit_rate"],
                    omission_rate=rates["omission_rate"],
                    true_omission_rate=true["omission_rate"],
                    composite_incidence=rates["composite_incidence"],
                    true_composite_incidence=true["composite_incidence"],
                )
            )
        return tuple(summaries)

    def _answer(self, code: str, outcome: str) -> None:
        """Let the province decide on a recommendation, and a county reply to an order."""
        if outcome == "recommend-exit":
            workflow.record_decision(
                self.by(self.first(Role.PROVINCE).person_id),
                self.store,
                county_code=code,
                approved=True,
                document=say("demo.document", self.language),
            )
        elif outcome == "order-verification":
            workflow.reply_to_order(
                self.by(self.first(Role.COUNTY, code).person_id),
                self.store,
                county_code=code,
                text=say("demo.reply", self.language),
            )

    def disclose(self) -> bool:
        """Publish the shares, and let an outsider redo the draw from the published files alone."""
        self.say("stage-disclose")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        shares = {holder: self.world.share(holder) for holder in HOLDERS}
        ceremony = workflow.disclose_shares(evaluator, self.store, shares)
        published = workflow.published_folder(self.store, ceremony.number)
        with tempfile.TemporaryDirectory() as empty:
            outside = Path(empty)
            shutil.copy(verify_draw.__file__, outside / "verify_draw.py")
            shutil.copytree(published, outside / "published")
            outcome = subprocess.run(
                [sys.executable, "-I", "verify_draw.py", "published"],
                cwd=outside,
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
        for line in (outcome.stdout + outcome.stderr).splitlines():
            self.tell(f"    {line}")
        return outcome.returncode == 0

    def report(self) -> tuple[str, ...]:
        """Write the reports of every county."""
        self.say("stage-report")
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        names: list[str] = []
        for county in self.counties:
            names += workflow.write_county_report(
                evaluator, self.store, county_code=county.county_code
            )
        self.say("reports", count=len(names), folder=self.store.folder / "reports")
        return tuple(names)

    def close(self) -> workflow.JournalState:
        """Check the journal and export it."""
        evaluator = self.by(self.first(Role.EVALUATOR).person_id)
        state = workflow.verify_journal(evaluator, self.store)
        journal = workflow.export_journal(evaluator, self.store)
        (self.out / "journal.jsonl").write_bytes(journal)
        self.say("journal", count=state.entries, head=state.head)
        self.store.close()
        return state


def make_world(out: Path, seed: str, wrong_villages: int) -> None:
    """Let another process make the fictitious counties and their truth in a folder of its own."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "audit_toolkit.demo.world",
            str(out / "world"),
            "--seed",
            seed,
            "--wrong-villages",
            str(wrong_villages),
        ],
        check=True,
    )


def run_story(
    out: Path, *, seed: str, language: str, wrong_villages: int = 0, quiet: bool = False
) -> StorySummary:
    """Return what the demo left behind in ``out``, a folder that must not exist yet.

    Parameters
    ----------
    wrong_villages : int, default 0
        Villages of the third county in which every exit is on paper only.
    """
    out.mkdir(parents=True)
    (out / "demo.txt").write_text(say("demo.folder", language) + "\n", encoding="utf-8")

    def tell(line: str) -> None:
        if not quiet:
            print(line, flush=True)

    tell(say("demo.title", language, seed=seed, day=day(START, language)))
    make_world(out, seed, wrong_villages)
    story = Story(out, seed, language, tell)
    story.open_round()
    story.show_refusal()
    households = story.take_in_lists()
    story.plan()
    story.draw()
    story.visit()
    cases = story.compare()
    counties = story.conclude()
    verified = story.disclose()
    reports = story.report()
    state = story.close()
    for line in _closing(counties, language):
        tell(line)
    return StorySummary(
        folder=str(out),
        households=households,
        visits=story.visits,
        cases=cases,
        draw_verified=verified,
        journal_entries=state.entries,
        journal_head=state.head,
        counties=counties,
        reports=reports,
    )


def _closing(counties: tuple[CountySummary, ...], language: str) -> Iterator[str]:
    """Give the lines that set the estimates beside the truth."""
    yield say("demo.stage-truth", language)
    for c in counties:
        yield say(
            "demo.truth",
            language,
            county=c.name,
            outcome=say(f"demo.outcome-{c.outcome}", language),
            official=say(f"demo.outcome-{c.official}", language),
            wrongful=_percent(c.wrongful_exit_rate),
            true_wrongful=_percent(c.true_wrongful_exit_rate),
            omission=_percent(c.omission_rate),
            true_omission=_percent(c.true_omission_rate),
            composite=_percent(c.composite_incidence),
            true_composite=_percent(c.true_composite_incidence),
        )


def _decision(problem: MatchProblem) -> str:
    """Decide as somebody who asked on the spot; another surname is another household."""
    if problem.kind is MatchKind.DIFFERENT_HEADS:
        return "same" if len({head[:1] for head in problem.heads}) == 1 else "different"
    return DECISIONS[problem.kind]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
