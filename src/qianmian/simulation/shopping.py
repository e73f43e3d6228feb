"""What a viewer does about products: looks, compares, hesitates, fills a cart, buys, sends back."""

from __future__ import annotations

from typing import Any

from qianmian.simulation.marginals import (
    DWELL_MS,
    NEXT_SAME_CATEGORY,
    NEXT_SAME_PRODUCT,
    at_share,
    views_at,
)
from qianmian.simulation.person import Person, Rows
from qianmian.simulation.room import Row
from qianmian.simulation.script import Goods, Script
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

# Per page view, after MARKET_MIX.
FAVORITED_SHARE = 0.032
CARTED_SHARE = 0.057
BOUGHT_AT_ONCE_SHARE = 0.008

CLICKED_SHARE = 0.6  # come to a page by the shelf or the card of the product
PRESENTED_SHARE = 0.55  # begin with what is in front of the camera
HESITATED_MS = 2 * MINUTE_MS
CALLED_AWAY_SHARE = 0.4  # of long looks: the phone lies there
SAID_SHARE = 0.04  # of looks with a comment; of long ones ten times that
BOUGHT_SHARE = 0.3  # of what is put into a cart
REMOVED_SHARE = 0.12
BOUGHT_AFTER_MS = (15 * SECOND_MS, 140 * SECOND_MS)
PAID_SHARE = 0.93
REFUNDED_SHARE = 0.08
PROMO_ACTS = (("coupon_claimed", 0.4), ("product_clicked", 0.8), ("cart_added", 1.0))
COMPARED = 3  # products of one category in a row

Line = dict[str, Any]


class Shopper:
    """A viewer before the shelf.

    An errand is something that they or the shop will do at a known time: pay, send back.
    """

    def __init__(self, person: Person, script: Script) -> None:
        self.person = person
        self._script = script
        self._errands: list[tuple[int, str, Any]] = []
        self._cart: list[tuple[Goods, int]] = []
        self._orders = 0
        self._page: Goods | None = None

    @property
    def next_errand_ms(self) -> int | None:
        """When the first errand is due, ms UTC; None without any."""
        return self._errands[0][0] if self._errands else None

    def runs_errand(self) -> Rows:
        """Do what is due first."""
        _, what, order = self._errands.pop(0)
        if what == "buy":
            yield from self._buys(order)
        else:
            yield self._refunded(order)

    def says(self, intention: str) -> Rows:
        """A comment about what is on the page, or in front of the camera."""
        person = self.person
        goods = self._page or person.room.presenting(person.now)
        noun = (goods or person.room.goods[0]).noun
        about = {} if goods is None else {"product": goods.product.id, "category": goods.category}
        if intention in INTENTIONS:
            person.intends(INTENTIONS[intention], about.get("product"))
        text = self._script.comment(intention, noun, person.dice)
        yield person.act("comment_sent", text=text, **about)

    def joins_promo(self) -> Rows:
        """React to the offer."""
        person = self.person
        promo = person.room.promo(person.now)
        if promo is None:
            return
        person.intends("joined_promo", promo.goods.product.id)
        chance = person.dice.roll()
        act = next(name for name, share in PROMO_ACTS if chance < share)
        if act == "coupon_claimed":
            yield person.act(
                act,
                coupon_id=f"coupon-{promo.id}",
                product=promo.goods.product.id,
                category=promo.goods.category,
                amount=promo.goods.price_minor - promo.price_minor,
                currency="CNY",
            )
        elif act == "product_clicked":
            yield person.act(act, **self._shown_fields(promo.goods), page="room")
        else:
            yield from self._puts_into_cart(promo.goods)

    def browses(self) -> Rows:
        """Look at some product pages, one after the other."""
        person, dice = self.person, self.person.dice
        goods = person.room.presenting(person.now)
        if goods is None or dice.roll() >= PRESENTED_SHARE:
            goods = dice.one_of(person.room.goods)
        row_of_kind = [goods]
        for k in range(views_at(dice.roll())):
            if k:
                goods = self._next_goods(goods)
                if goods.category != row_of_kind[-1].category:
                    row_of_kind = []
                if goods not in row_of_kind:
                    row_of_kind.append(goods)
                if len(row_of_kind) == COMPARED:
                    person.intends("compared", goods.product.id)
            yield from self._looks_at(goods)
        self._page = None
        person.page = "room"
        yield person.act("product_left", product=goods.product.id, category=goods.category)

    def _next_goods(self, goods: Goods) -> Goods:
        dice = self.person.dice
        if dice.roll() < NEXT_SAME_PRODUCT:
            return goods
        if dice.roll() < NEXT_SAME_CATEGORY:
            kin = self.person.room.goods_by_category[goods.category]
            return dice.one_of([one for one in kin if one is not goods])
        return dice.one_of([one for one in self.person.room.goods if one is not goods])

    def _looks_at(self, goods: Goods) -> Rows:
        person, dice = self.person, self.person.dice
        dwell = int(at_share(DWELL_MS, dice.roll()))
        ends = person.now + dwell
        if dice.roll() < CLICKED_SHARE:
            yield person.act("product_clicked", **self._shown_fields(goods), page="room")
            yield from person.waits(min(person.now + dice.between(200, 900), ends))
        self._page, person.page = goods, "product"
        yield person.act("product_viewed", **self._shown_fields(goods), page="product")
        ends = person.now + dwell
        is_long = dwell >= HESITATED_MS
        if is_long:
            person.intends("hesitated", goods.product.id)
            if dice.roll() < CALLED_AWAY_SHARE:
                person.intends("called_away", goods.product.id)
                person.is_touching = False
        if dice.roll() < SAID_SHARE * (10 if is_long else 1):
            yield from person.waits(person.now + dwell // 3)
            yield from self.says("doubt" if dice.roll() < 0.5 else "price_question")
        if dice.roll() < FAVORITED_SHARE:
            yield from person.waits(person.now + (ends - person.now) // 3)
            yield person.act("product_favorited", **goods.fields, page="product")
        chance = dice.roll()
        if chance < CARTED_SHARE:
            yield from person.waits(person.now + (ends - person.now) // 2)
            yield from self._puts_into_cart(goods)
        yield from person.waits(ends)
        person.is_touching = True
        if CARTED_SHARE <= chance < CARTED_SHARE + BOUGHT_AT_ONCE_SHARE:
            yield from self._buys([(goods, 1)])

    def _puts_into_cart(self, goods: Goods) -> Rows:
        """Into the cart, and soon bought, or taken out, or left there."""
        person, dice = self.person, self.person.dice
        quantity = 1 if dice.roll() < 0.8 else dice.between(2, 4)
        price = person.room.price_minor(goods, person.now)
        shown = self._shown_fields(goods) | {"quantity": quantity}
        person.intends("carted", goods.product.id)
        yield person.act("cart_added", **shown, amount=price * quantity, page=person.page)
        chance = dice.roll()
        if chance < BOUGHT_SHARE:
            self._cart.append((goods, quantity))
            if len(self._cart) == 1:
                due = person.now + dice.between(*BOUGHT_AFTER_MS)
                self._add_errand(due, "buy", self._cart)
        elif chance < BOUGHT_SHARE + REMOVED_SHARE:
            yield from person.waits(person.now + dice.between(3, 40) * SECOND_MS)
            yield person.act("cart_removed", **shown, amount=price * quantity, page="cart")
        else:
            person.intends("left_in_cart", goods.product.id)

    def _buys(self, cart: list[tuple[Goods, int]]) -> Rows:
        """Check out, log in if need be, order, and mostly pay."""
        person, dice = self.person, self.person.dice
        if cart is self._cart:
            self._cart = []
        person.intends("bought", cart[0][0].product.id)
        items = [self._line(goods, quantity) for goods, quantity in cart]
        amount = sum(line["amount"] for line in items)
        paid = {"items": items, "amount": amount, "currency": "CNY"}
        yield person.act("checkout_started", **paid, page="checkout")
        yield from person.waits(person.now + dice.between(4, 20) * SECOND_MS)
        if person.known_id is None:
            yield self._logs_in()
        self._orders += 1
        order = {
            "viewer": person.known_id,
            "room": person.room_id,
            "order_id": f"o{person.viewer.number}-{self._orders}",
        }
        yield person.told_by_shop("order_created", **order, **paid)
        yield from person.waits(person.now + dice.between(3, 18) * SECOND_MS)
        if dice.roll() >= PAID_SHARE:
            yield person.told_by_shop("order_cancelled", **order, **paid)
            return
        yield person.told_by_shop("order_paid", **order, **paid)
        if dice.roll() < REFUNDED_SHARE:
            due = person.now + dice.between(20, 90) * SECOND_MS
            self._add_errand(due, "refund", order | paid)

    def _refunded(self, order: Row) -> Row:
        """One line is given back."""
        self.person.intends("refunded", order["items"][0]["product"])
        line = order["items"][0]
        return self.person.told_by_shop(
            "order_refunded",
            viewer=order["viewer"],
            room=order["room"],
            order_id=order["order_id"],
            refund_id=f"{order['order_id']}-1",
            items=[line],
            amount=line["amount"],
            currency="CNY",
        )

    def _logs_in(self) -> Row:
        """The anonymous viewer becomes a known one; the shop's server says so."""
        person = self.person
        person.known_id = f"u{100_000 + person.viewer.number}"
        person.truth.known_id_by_anonymous[person.name] = person.known_id
        person.where = {k: v for k, v in person.where.items() if k != "anonymous_id"}
        person.where["viewer"] = person.known_id
        return person.told_by_shop(
            "identity_linked", viewer=person.known_id, anonymous_id=person.name
        )

    def _line(self, goods: Goods, quantity: int) -> Line:
        price = self.person.room.price_minor(goods, self.person.now)
        return {
            "product": goods.product.id,
            "category": goods.category,
            "quantity": quantity,
            "price": price,
            "amount": price * quantity,
        }

    def _shown_fields(self, goods: Goods) -> Row:
        return {**goods.fields, "price": self.person.room.price_minor(goods, self.person.now)}

    def _add_errand(self, due: int, what: str, order: Any) -> None:
        self._errands.append((due, what, order))
        self._errands.sort(key=lambda errand: errand[0])


INTENTIONS = {"doubt": "doubted", "price_question": "asked_price"}
"""The intentions behind comments that matter to the shop."""
