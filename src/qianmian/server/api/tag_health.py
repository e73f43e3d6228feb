"""Which tags are worth keeping, and what strategies changed where they hold."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path

from qianmian.bootstrap.measured import measured
from qianmian.bootstrap.tag_health import health_of_tags, strategies_with, tags_asked
from qianmian.errors import NotInHistory
from qianmian.server.api.effects import EffectReport, effects_now, report_of
from qianmian.server.api.models import Model, Words
from qianmian.server.api.roles import Needs
from qianmian.server.api.strategies import names_of
from qianmian.server.api.who import Here, Who
from qianmian.strategies.modes import running
from qianmian.tags.health import Reason, Suggestion

router = APIRouter(tags=["definitions"])
Key = Annotated[str, Path(max_length=64)]
MOST_STRATEGIES: Final = 5


class TagUserModel(Model):
    """A strategy that names a tag."""

    key: str
    names: Words


class TagHealthModel(Model):
    """What should become of a tag, and why.

    `total`, `yes`, `unknown`: people, as of `as_of` (ms UTC); null: history cannot say it. `flips`:
    the share of those for whom it held now or a day before that changed; null: too few to say.
    """

    key: str
    suggestion: Suggestion
    reasons: list[Reason]
    as_of: int | None
    total: int | None
    yes: int | None
    unknown: int | None
    flips: float | None
    strategies: list[TagUserModel]


@router.get("/tags/health")
async def tags(site: Here, _who: Annotated[Who, Needs("definitions.read")]) -> list[TagHealthModel]:
    """Every tag that says yes or no, by key."""
    active = await site.desk.active()
    asked = tags_asked(site.tags, active, site.zone)
    standings = await site.measurer.tag_standings(asked, active)
    kept = await site.strategies.kept()
    decide = running(site.strategies.base, kept.versions)
    names = {one.key: names_of(one, one.key) for one in decide}
    used = strategies_with(decide, active)
    found = []
    for one in health_of_tags(standings, site.tags, active, used):
        told = one.standing
        found.append(
            TagHealthModel(
                key=one.key,
                suggestion=one.suggestion,
                reasons=list(one.reasons),
                as_of=None if told is None else told.as_of,
                total=None if told is None else told.total,
                yes=None if told is None else told.yes,
                unknown=None if told is None else told.unknown,
                flips=None if told is None else told.flips,
                strategies=[
                    TagUserModel(key=key, names=names[key]) for key in used.get(one.key, ())
                ],
            )
        )
    return found


@router.get("/tags/{key}/effects")
async def effects(
    key: Key, site: Here, _who: Annotated[Who, Needs("strategies.read")]
) -> list[EffectReport]:
    """What the strategies that decided about most people changed where a tag holds, and elsewhere.

    Empty for a tag of which history cannot say for whom it held.
    """
    active = await site.desk.active()
    told = sorted(
        await effects_now(site), key=lambda one: -(one[1].effect.treated + one[1].effect.control)
    )
    found = []
    for entry, _ in told[:MOST_STRATEGIES]:
        strategy = measured(entry.key, entry.versions, entry.of_file, None)
        try:
            effect = await site.measurer.effect(strategy, site.currency, [key], active)
        except NotInHistory:
            return []
        found.append(await report_of(site, entry, effect))
    return found
