"""What the shop sells: list, search, change, and whole tables in and out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse

from qianmian.connectors.product_sheet import products_csv, read_products
from qianmian.server.api.problems import Problem
from qianmian.server.api.product_models import (
    ProductGiven,
    ProductImport,
    ProductModel,
    ProductPage,
)
from qianmian.server.api.roles import Needs
from qianmian.server.api.tables import BODY, table_of, told
from qianmian.server.api.who import Here, Who
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.products import ProductRecord, ProductStore
from qianmian.vocabulary.product import Product, product_of
from qianmian.vocabulary.rejected import Rejected

Id = Annotated[str, Path(min_length=1, max_length=128)]

router = APIRouter(tags=["products"])


@router.get("/products")
async def products(
    site: Here,
    _who: Annotated[Who, Needs("products.read")],
    search: Annotated[str, Query(max_length=200)] = "",
    offset: Annotated[int, Query(ge=0, le=1 << 31)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ProductPage:
    """Products whose id, title, brand or category has every word, those on the shelf first."""
    find = site.products.page
    found, total = await asyncio.to_thread(find, search, offset=offset, limit=limit)
    return ProductPage(items=[_model(one) for one in found], total=total)


@router.get("/products.csv", response_class=StreamingResponse)
async def export(
    site: Here,
    _who: Annotated[Who, Needs("products.read")],
    locale: Literal["zh-CN", "en-US"] = "zh-CN",
) -> StreamingResponse:
    """Every product as a table, which can be changed and imported again."""
    found = await asyncio.to_thread(site.products.all)
    lines: Iterator[str] = products_csv(((one.product, one.currency) for one in found), locale)
    name = 'attachment; filename="products.csv"'
    headers = {"content-disposition": name, "cache-control": "no-store"}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/products/import", openapi_extra=BODY)
async def import_products(
    request: Request,
    site: Here,
    who: Annotated[Who, Needs("products.write")],
    *,
    dry_run: bool = False,
) -> ProductImport:
    """Take over a table: new products, and the columns it has of those there are."""
    body = await table_of(request)
    return await asyncio.to_thread(take_products, site.products, body, who.actor, dry_run=dry_run)


@router.get("/products/{product:path}")
async def product(
    product: Id, site: Here, _who: Annotated[Who, Needs("products.read")]
) -> ProductModel:
    """One product."""
    found = await asyncio.to_thread(site.products.get, product)
    if found is None:
        raise Problem("product.unknown", "there is no product of this id")
    return _model(found)


@router.put("/products/{product:path}")
async def put_product(
    product: Id,
    given: ProductGiven,
    site: Here,
    who: Annotated[Who, Needs("products.write")],
) -> ProductModel:
    """Keep a product in place of the one of its id, if there is one."""
    values = given.model_dump()
    currency = values.pop("currency")
    made = product_of({"id": product, **values})
    if isinstance(made, Rejected):
        raise Problem("product.field", made.detail)
    put = site.products.put
    record, _ = await asyncio.to_thread(put, made, currency or None, by=who.actor)
    return _model(record)


@router.delete("/products/{product:path}")
async def delete_product(
    product: Id, site: Here, who: Annotated[Who, Needs("products.write")]
) -> ProductModel:
    """Take a product away; the answer is what it was, so that it can be put back."""
    found = await asyncio.to_thread(site.products.delete, product, by=who.actor)
    if found is None:
        raise Problem("product.unknown", "there is no product of this id")
    return _model(found)


def take_products(
    store: ProductStore, body: bytes, actor: Actor, *, dry_run: bool, name: str = ""
) -> ProductImport:
    """Take over a table of products, and tell what it did.

    Raises: SheetProblem when the table as a whole cannot be used; InputError when there would be
        too many products; OperationalError when the database cannot be used.
    """
    rows, report = read_products(body, store.currency)
    about = {"bad": report.bad, "sha256": hashlib.sha256(body).hexdigest(), "file": name}
    done = store.merge(rows, by=actor, dry_run=dry_run, told=about)
    return ProductImport(
        **told(report),
        dry_run=dry_run,
        added=done.added,
        changed=done.changed,
        unchanged=done.unchanged,
    )


def _model(record: ProductRecord) -> ProductModel:
    values = {one.name: getattr(record.product, one.name) for one in fields(Product)}
    return ProductModel(**values, currency=record.currency, updated_at=record.updated_at)
