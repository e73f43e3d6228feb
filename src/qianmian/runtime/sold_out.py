"""What cannot be bought in a room: the newest word about a product counts, whoever said it.

The catalog of the shop says how many are left, and so does the room while it is on air
(`stock_changed`). What a room said holds for its session, until the catalog says another number.
"""

from __future__ import annotations

from collections.abc import Mapping


class SoldOut:
    """The stock of every product, by the catalog and by each room.

    Args:
        stock: of the catalog, by product; None: not known.

    Units: counts.
    """

    def __init__(self, stock: Mapping[str, int | None]) -> None:
        self._of_shop = dict(stock)
        self._of_room: dict[str, dict[str, int]] = {}

    def restock(self, stock: Mapping[str, int | None]) -> None:
        """Another catalog; only a number that is another than before is a word."""
        changed = {
            one
            for one in stock.keys() | self._of_shop.keys()
            if stock.get(one) != self._of_shop.get(one)
        }
        self._of_shop = dict(stock)
        for told in self._of_room.values():
            for product in changed & told.keys():
                del told[product]

    def told(self, room: str, product: str, left: int) -> None:
        """A room says how many are left."""
        self._of_room.setdefault(room, {})[product] = left

    def end(self, room: str) -> None:
        """The session of a room is over, and what it said with it."""
        self._of_room.pop(room, None)

    def has(self, room: str, product: str) -> bool:
        """Whether a product cannot be bought in a room, as far as is known."""
        left = self._of_room.get(room, {}).get(product, self._of_shop.get(product))
        return left is not None and left <= 0

    def snapshot(self) -> dict[str, dict[str, int]]:
        """What the rooms said, as JSON; the catalog is kept elsewhere."""
        return {room: dict(sorted(told.items())) for room, told in sorted(self._of_room.items())}

    def restore(self, stored: Mapping[str, Mapping[str, int]]) -> None:
        """The opposite of `snapshot`."""
        self._of_room = {room: dict(told) for room, told in stored.items()}
