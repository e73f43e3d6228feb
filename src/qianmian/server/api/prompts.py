"""What the host of a room should say next."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter

from qianmian.server.api.models import Model
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who
from qianmian.server.delivering import HOST

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


class PromptPage(Model):
    """The open cards of a room, the one to say next first; `online` as its board tells it."""

    now: int
    online: int | None
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
    online = await site.deployment.ask(lambda live: live.views.online_in(room))
    return PromptPage(now=site.now(), online=online, prompts=told)


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
