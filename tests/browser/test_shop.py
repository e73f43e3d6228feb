"""The pages of the shop in a real browser: products and their tables, people, keys, the audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from qianmian.runtime.messages import Events
from qianmian.storage.sql.audit import SYSTEM
from qianmian.vocabulary.product import Product, ProductFields
from tests.browser.conftest import PASSWORD, Open, Shop

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}
HOSTILE = "<img src=x onerror=alert(1)>"


def shown(page: Page, path: str) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator(".ant-skeleton")).to_have_count(0)
    found = Axe().run(page, options=RULES)
    assert found.response["violations"] == [], f"{path}: {found.generate_report()}"


@pytest.fixture(scope="module")
def stocked(shop: Shop) -> Shop:
    """A catalog that has what catalogs have: sold out, without a price, long, hostile."""
    names = ("轻薄气垫粉底液", "丝绒口红 豆沙色", "修护精华液 30ml", "防晒霜 SPF50+", HOSTILE)
    brands = ("花西子", "完美日记", "珀莱雅", None, "x")
    rows = [
        ProductFields(
            f"p{n}",
            {
                "title": title,
                "brand": brand,
                "link_number": n,
                "category": ("美妆", "底妆"),
                "price_minor": 9_900 * n or None,
                "stock": 10 * (n % 3),
                "selling_points": ("不卡粉",),
            },
        )
        for n, (title, brand) in enumerate(zip(names, brands, strict=True))
    ]
    many = [ProductFields(f"sku-{n:03}", {"title": f"现货商品 {n}"}) for n in range(60)]
    shop.server.home.catalog.merge([*rows, *many], by=SYSTEM)
    return shop


def test_a_product_is_found_changed_deleted_and_put_back(stocked: Shop, visits: Open) -> None:
    page = visits("/products").page
    table = page.locator("[data-part=products]")
    expect(table).to_contain_text("轻薄气垫粉底液")
    expect(table).to_contain_text("已售罄")
    expect(table).to_contain_text("共 65 个")
    page.get_by_label("按编号、名称、品牌、类目搜索").fill("花西子")
    page.keyboard.press("Enter")
    expect(table.locator("tbody tr.ant-table-row")).to_have_count(1)
    assert "search=" in page.url, "a search can be handed on"
    table.get_by_role("button", name="轻薄气垫粉底液").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("价格").fill("便宜")
    drawer.get_by_role("button", name="保存").click()
    expect(drawer).to_contain_text("写成数字，例如 12.50")
    drawer.get_by_label("价格").fill("89.90")
    drawer.get_by_label("卖点").fill("持妆十二小时")
    page.keyboard.press("Enter")
    shown(page, "drawer of a product")
    drawer.get_by_role("button", name="保存").click()
    expect(table).to_contain_text("¥89.90")
    kept = stocked.server.home.catalog.get("p0")
    assert kept is not None
    assert kept.product.selling_points == ("不卡粉", "持妆十二小时")
    table.get_by_role("button", name="轻薄气垫粉底液").click()
    drawer.get_by_role("button", name="删除").click()
    page.get_by_role("tooltip").get_by_role("button", name="删除").click()
    expect(page.get_by_role("alert")).to_contain_text("已删除「轻薄气垫粉底液」")
    expect(table).to_contain_text("没有符合的商品")
    page.get_by_role("button", name="撤销").click()
    expect(table).to_contain_text("轻薄气垫粉底液")
    again = stocked.server.home.catalog.get("p0")
    assert again is not None
    assert again.product == kept.product


def test_a_table_is_tried_shown_and_taken_over(stocked: Shop, visits: Open, tmp_path: Path) -> None:
    file = tmp_path / "商品.csv"
    lines = ["货号,名称,价格,颜色", "n1,新品口红,59", "n2,坏价格,便宜", f"n3,{HOSTILE},1"]
    file.write_bytes("\n".join(lines).encode("gb18030"))
    page = visits("/products").page
    page.get_by_role("button", name="导入表格").click()
    drawer = page.get_by_role("dialog")
    drawer.locator("input[type=file]").set_input_files(str(file))
    expect(drawer).to_contain_text("将新增 2 个，更新 0 个，0 个不变")
    expect(drawer).to_contain_text("不认识的列，不会导入：颜色")
    row = drawer.locator("tbody tr.ant-table-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("价格")
    expect(row).to_contain_text("写成数字，例如 12.50")
    assert stocked.server.home.catalog.get("n1") is None, "it was a trial"
    shown(page, "report of a table")
    drawer.get_by_role("button", name="导入 2 个商品").click()
    expect(drawer).to_contain_text("已新增 2 个")
    drawer.get_by_role("button", name="完成").click()
    page.get_by_label("按编号、名称、品牌、类目搜索").fill("n3")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=products]")).to_contain_text(HOSTILE)


def test_members_and_links_come_from_tables_too(shop: Shop, visits: Open, tmp_path: Path) -> None:
    tables = {
        "会员资料": ("会员编号,城市级别", "table-7,2", ",3"),
        "同一个人的编号": ("会员编号,另一个编号", "table-7,table-8", "table-9,"),
    }
    page = visits("/settings?tab=tables").page
    part = page.locator("[data-part=tables]")
    for kind, lines in tables.items():
        file = tmp_path / f"{kind}.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        before = told_of(shop, "table-7")
        part.get_by_text(kind, exact=True).click()
        part.locator("input[type=file]").set_input_files(str(file))
        expect(part.get_by_role("alert")).to_contain_text("将写入 1 条；1 行不能用")
        expect(part.locator("tbody tr.ant-table-row").first).to_contain_text("3")  # the line
        assert told_of(shop, "table-7") == before, "it was a trial"
        part.get_by_role("button", name="导入 1 条").click()
        expect(part.get_by_role("alert")).to_contain_text("已写入 1 条")
        shown(page, kind)
    assert told_of(shop, "table-7") == ["profile_updated", "identity_linked"]


def told_of(shop: Shop, viewer: str) -> list[object]:
    """The types of what the log has of a viewer, oldest first."""
    return [
        row["type"]
        for message in shop.server.home.log.read(0)
        if isinstance(message.body, Events)
        for row in message.body.batch.to_rows()
        if row.get("viewer") == viewer
    ]


def test_a_file_that_is_no_table_is_told(stocked: Shop, visits: Open, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"PK\x03\x04 a workbook")
    visit = visits("/products")
    visit.page.get_by_role("button", name="导入表格").click()
    drawer = visit.page.get_by_role("dialog")
    drawer.locator("input[type=file]").set_input_files(str(file))
    expect(drawer.get_by_role("alert")).to_contain_text("这张表格用不了")
    assert [one.split()[0] for one in visit.failed] == ["422"]
    visit.failed.clear()
    visit.complaints.clear()  # the browser itself reports the 422


def test_somebody_is_invited_joins_and_is_let_go(shop: Shop, visits: Open) -> None:
    page = visits("/settings").page
    people = page.locator("[data-part=people]")
    people.get_by_role("button", name="邀请").click()
    page.get_by_role("radio", name="只读").check()
    shown(page, "inviting")
    page.get_by_role("button", name="生成链接").click()
    link = page.get_by_role("dialog", name="一次性链接").locator("pre").inner_text().strip()
    page.get_by_role("button", name="已转交").click()

    guest = visits(link.removeprefix(shop.server.url), signed_in=False).page
    expect(guest.get_by_role("heading", name="加入千面")).to_be_visible()
    assert "token" not in guest.url
    shown(guest, "joining")
    guest.get_by_label("用户名").fill("小李")
    guest.get_by_label("密码", exact=True).fill(PASSWORD)
    guest.get_by_label("再输入一次密码").fill(PASSWORD)
    guest.get_by_role("button", name="创建账号并登录").click()
    expect(guest.get_by_role("heading", name="直播间")).to_be_visible()
    nav = guest.get_by_role("navigation", name="主导航")
    expect(nav.get_by_role("link", name="商品")).to_be_visible()
    expect(nav.get_by_role("link", name="设置")).to_have_count(0)
    nav.get_by_role("link", name="商品").click()
    expect(guest.get_by_role("button", name="新增商品")).to_have_count(0)

    page.reload()
    row = people.locator("tr", has_text="小李")
    expect(row).to_contain_text("正常")
    row.get_by_role("button", name="停用").click()
    page.get_by_role("tooltip").get_by_role("button", name="停用").click()
    expect(row).to_contain_text("已停用")


def test_the_last_owner_is_told_to_stay(shop: Shop, visits: Open) -> None:
    visit = visits("/settings")
    row = visit.page.locator("[data-part=people] tr", has_text="掌柜")
    row.get_by_role("button", name="停用").click()
    visit.page.get_by_role("tooltip").get_by_role("button", name="停用").click()
    expect(visit.page.get_by_text("至少要留一位所有者")).to_be_visible()
    assert [one.split()[0] for one in visit.failed] == ["409"]
    visit.failed.clear()
    visit.complaints.clear()


def test_a_key_is_shown_once_and_revoked(shop: Shop, visits: Open) -> None:
    page = visits("/settings?tab=keys").page
    keys = page.locator("[data-part=api-keys]")
    keys.get_by_role("button", name="新建密钥").click()
    page.get_by_label("名称").fill("ERP")
    shown(page, "a new key")
    page.get_by_role("button", name="新建", exact=True).click()
    secret = keys.get_by_label("密钥", exact=True).inner_text().strip()
    assert shop.server.home.api_keys.by_key(secret) is not None
    line = keys.locator("[data-part=key-ERP]")
    line.get_by_role("button", name="吊销").click()
    page.get_by_role("tooltip").get_by_role("button", name="吊销").click()
    expect(line).to_contain_text("吊销")
    expect(line.get_by_role("button", name="吊销")).to_have_count(0)
    assert shop.server.home.api_keys.by_key(secret) is None
    page.reload()
    expect(keys).to_contain_text("ERP")
    expect(page.get_by_text(secret)).to_have_count(0)


def test_the_audit_says_who_did_what_and_that_it_is_whole(shop: Shop, visits: Open) -> None:
    shop.server.home.catalog.put(Product("audited", "旧名"), by=SYSTEM)
    shop.server.home.catalog.put(Product("audited", "新名"), by=SYSTEM, reason="改名")
    page = visits("/settings?tab=audit").page
    audit = page.locator("[data-part=audit]")
    expect(audit.get_by_role("status")).to_contain_text("记录完整")
    row = audit.locator("tr", has_text="修改商品").filter(has_text="audited").first
    expect(row).to_contain_text("改名")
    row.get_by_role("button").first.click()
    expect(audit.get_by_label("之前")).to_contain_text("旧名")
    expect(audit.get_by_label("之后")).to_contain_text("新名")
    shown(page, "a change in the audit")


def test_a_persons_wishes_are_done_at_the_desk(shop: Shop, visits: Open) -> None:
    viewer = "member-zhang-7788"
    kinds = ({"type": "room_entered"}, {"type": "comment_sent", "text": "这个贵吗"})
    answer = shop.send(*({"viewer": viewer, "room": "r1", **one} for one in kinds))
    assert answer.json()["accepted"] == 2
    page = visits("/settings?tab=privacy").page
    rules = page.locator("[data-part=privacy-rules]")
    expect(rules).to_contain_text("未成年人没有画像")
    expect(rules).to_contain_text("90 天")
    expect(rules).to_contain_text("健康与疾病")
    page.get_by_label("会员编号").fill(viewer)
    page.keyboard.press("Enter")
    person = page.locator("[data-part=person]")
    expect(person.locator("[data-part=consents]")).to_contain_text("直播间内: 可以")
    expect(person.locator("[data-part=consents]")).to_contain_text("短信: 不可以")
    person.get_by_role("switch", name="个性化营销").click()
    expect(person.locator("[data-part=consents]")).to_contain_text("直播间内: 不可以")
    expect(person.locator("[data-part=consent-changes] li")).to_have_count(1)
    with page.expect_download() as saved:
        person.get_by_role("button", name="导出全部数据").click()
    told = json.loads(Path(saved.value.path()).read_text("utf-8"))
    assert "这个贵吗" in {one.get("text") for one in told["events"]}
    shown(page, "privacy")
    person.get_by_role("button", name="删除此人").click()
    sure = page.get_by_role("dialog")
    sure.get_by_label("再输入一遍编号").fill("member-zhang")
    sure.get_by_role("button", name="永久删除").click()
    expect(sure).to_contain_text("和要删除的编号不一样")
    shown(page, "erase")
    sure.get_by_label("再输入一遍编号").fill(viewer)
    sure.get_by_role("button", name="永久删除").click()
    expect(page.locator("[data-part=erasures] li")).to_contain_text("处理了", timeout=30_000)
    expect(person).to_have_count(0)
    assert shop.server.home.persons.refusals.has(viewer)
