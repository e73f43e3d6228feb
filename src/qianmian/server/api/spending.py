"""What strategies gave away of budgets, stocks and codes, by day."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from qianmian.server.api.models import Model
from qianmian.server.api.roles import Needs
from qianmian.server.api.who import Here, Who

Day = Annotated[str, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")]

router = APIRouter(tags=["strategies"])


class SpentModel(Model):
    """A strategy, an offer and a day of the shop; see `qianmian.storage.sql.spending.Spent`."""

    day: str
    strategy: str
    offer: str
    pieces: int
    spent_minor: int
    held: int
    given_back: int
    codes: int


@router.get("/spending")
async def spending(
    site: Here, _who: Annotated[Who, Needs("strategies.read")], since: Day, until: Day
) -> list[SpentModel]:
    """What was given away from one day to another, both included, as of now."""
    found = await asyncio.to_thread(site.spending.days, since, until)
    return [SpentModel(**asdict(one)) for one in found]
