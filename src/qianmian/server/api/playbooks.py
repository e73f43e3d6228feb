"""The built-in playbooks, as strategies that can be copied."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from fastapi import APIRouter

from qianmian.bootstrap.catalogs import load_playbooks
from qianmian.locales.texts import document
from qianmian.server.api.definition_told import LOCALES
from qianmian.server.api.models import Model, Words
from qianmian.server.api.strategies import Reading
from qianmian.server.api.strategy_models import OfferBody, StrategyBody
from qianmian.server.api.who import Here
from qianmian.strategies.playbook import GROUPS, Group, Playbook, Told

router = APIRouter(tags=["strategies"])

PLAYBOOKS: Final = load_playbooks()


class PlaybookModel(Model):
    """A playbook. `strategy` and `offer` by language, each as it is put: under a key of its own.

    `offer`: what goes with it, a sketch whose numbers are the shop's to change.
    """

    key: str
    group: Group
    names: Words
    reason: Words
    strategy: dict[Literal["zh", "en"], StrategyBody]
    offer: dict[Literal["zh", "en"], OfferBody] | None


@router.get("/playbooks")
async def playbooks(site: Here, _who: Reading) -> list[PlaybookModel]:
    """Every playbook, group by group."""
    found = sorted(PLAYBOOKS.values(), key=lambda one: (GROUPS.index(one.group), -one.priority))
    return [_model(one, site.currency) for one in found]


def _model(playbook: Playbook, currency: str) -> PlaybookModel:
    told: dict[str, Told] = {
        locale: document(locale, "playbooks")[playbook.key] for locale in LOCALES.values()
    }
    offers = {
        language: playbook.offered(told, locale, currency) for language, locale in LOCALES.items()
    }
    return PlaybookModel(
        key=playbook.key,
        group=playbook.group,
        names={language: told[locale]["title"] for language, locale in LOCALES.items()},
        reason={language: told[locale]["reason"] for language, locale in LOCALES.items()},
        strategy={
            language: _written(playbook.strategy(told, locale))
            for language, locale in LOCALES.items()
        },
        offer=None
        if playbook.offer is None
        else {language: _written(offer) for language, offer in offers.items()},
    )


def _written(what: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(what)
    return found
