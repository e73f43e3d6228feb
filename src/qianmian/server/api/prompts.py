"""What the host of a room should say next."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter

from qianmian.runtime.live import Live
from qianmian.server.api.models import Model
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.delivering import HOST
from qianmian.server.on_stage import on_stage
from qianmian.vocabulary.product import Product

router = APIRouter(tags=["host"])


class PromptModel(Model):
    """A card, for so many viewers (0: the whole room); instants are ms UTC. It names nobody."""

    id: str
    at: int
    deadline_at: int
    title: str
    body: str
    product: str | None
    link_number: int | None
    why: str
    viewers: int


class StageProduct(Model):
    """A product for the host to speak of, with what there is to say, best first."""

    title: str
    link_number: int | None
    selling_points: list[str]


class HostStageModel(Model):
    """What is presented now, and what comes next on the shelf; null: nothing, or nobody knows."""

    presented: StageProduct | None
    is_sold_out: bool
    next: StageProduct | None


class PromptPage(Model):
    """The open cards of a room, the one to say next first; `online` as its board tells it."""

    now: int
    online: int | None
    stage: HostStageModel
    prompts: list[PromptModel]


class AnswerGiven(Model):
    """What the host did with a card."""

    answer: Literal["said", "skipped"]


@router.get("/rooms/{room}/prompts")
async def prompts(room: str, site: Here, _who: Annotated[Who, Needs("prompts.read")]) -> PromptPage:
    """What the host should say next."""
    await site.withdrawals.check(HOST, room)
    found = [msgspec.to_builtins(one) for one in site.prompts.open(room)]
    fields = PromptModel.model_fields
    told = [PromptModel(**{name: one[name] for name in fields}) for one in found]
    online, stage = await site.deployment.ask(lambda live: _heard(live, room))
    return PromptPage(now=site.now(), online=online, stage=stage, prompts=told)


@router.post("/rooms/{room}/prompts/{prompt}", status_code=204)
async def answer(
    room: str,
    prompt: str,
    given: AnswerGiven,
    site: Here,
    _who: Annotated[Who, Needs("prompts.answer")],
) -> None:
    """The host has said it, or passes it over; two who answer at once: the first counts."""
    await site.withdrawals.check(HOST, room)
    await site.prompts.answer(room, prompt, given.answer)


def _heard(live: Live, room: str) -> tuple[int | None, HostStageModel]:
    """How many are in a room, and what it is about; on the engine's thread."""
    views = live.views
    presented, shown = views.presented_in(room)
    found = on_stage(live.products, presented, shown, lambda one: views.is_sold_out(room, one))
    return views.online_in(room), HostStageModel(
        presented=_product(found.now),
        is_sold_out=found.is_sold_out,
        next=_product(found.next),
    )


def _product(found: Product | None) -> StageProduct | None:
    if found is None:
        return None
    return StageProduct(
        title=found.title or found.id,
        link_number=found.link_number,
        selling_points=list(found.selling_points),
    )
