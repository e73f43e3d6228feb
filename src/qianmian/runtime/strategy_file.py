"""A file of strategies: what decides, as people write it until they write it on a page.

JSON or YAML 1.2, with the fields of `strategies.strategy`:

    guardrails: {per_session: 2}
    offers:
      - {key: ten_off, title: 立减十元, rules: 每人一张, cost_minor: 1000, stock: 500}
    strategies:
      - key: price_help
        moment: price_question
        mode: full
        offer: ten_off
        steps:
          - {channel: in_room, title: 给你的券, body: "{offer|优惠}"}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
from ruamel.yaml.error import YAMLError

from qianmian.errors import DefinitionError, InputError
from qianmian.language.definition import Definition
from qianmian.runtime.definitions import MAX_FILE_BYTES, plain_yaml
from qianmian.strategies.compiling import check_strategy
from qianmian.strategies.strategy import Strategies
from qianmian.vocabulary.minors import MinorsMode
from qianmian.vocabulary.offer import check_offer


def read_strategies(path: Path, active: Sequence[Definition], minors: MinorsMode) -> Strategies:
    """The strategies of a file, each checked beside these definitions.

    Raises: InputError when the file cannot be read or has another shape, or a strategy or an offer
        could not be used; DefinitionError for a moment, segment or condition that cannot.
    """
    found = _read(path)
    for noun, keys in (
        ("strategy", [one.key for one in found.strategies]),
        ("offer", [one.key for one in found.offers]),
    ):
        for key, times in Counter(keys).items():
            if times > 1:
                raise InputError(f'{path.name}: the {noun} "{key}" is there twice; rename one')
    for offer in found.offers:
        check_offer(offer)
    if found.codes:
        raise InputError(f"{path.name}: codes are secrets; upload them on the page of offers")
    offers = [one.key for one in found.offers]
    if found.off:
        raise InputError(f"{path.name}: which channels are off follows from the settings")
    for one in found.strategies:
        try:
            check_strategy(one, active, offers, minors)
        except (InputError, DefinitionError) as problem:
            problem.args = (f'{path.name}, strategy "{one.key}": {problem.message}',)
            raise
    if found.guardrails.holdout == 0 and not found.guardrails.why_no_holdout.strip():
        raise InputError(f"{path.name}: guardrails: say why_no_holdout where holdout is 0")
    return found


def _read(path: Path) -> Strategies:
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            raise InputError(f"{path.name} is larger than a file of strategies can be (8 MB)")
        parsed = msgspec.json.decode(raw) if path.suffix == ".json" else plain_yaml(raw.decode())
        return msgspec.convert(parsed, Strategies)
    except FileNotFoundError as exc:
        raise InputError(f"there is no file {path}; check the path", path=str(path)) from exc
    except (OSError, UnicodeDecodeError, YAMLError, msgspec.MsgspecError) as exc:
        raise InputError(
            f"the strategies {path.name} cannot be read: {exc}; see docs/strategies.md",
            path=str(path),
        ) from exc
