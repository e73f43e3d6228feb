"""What a table of members says in the words of a shop is what tags, live and of history, say."""

from __future__ import annotations

from pathlib import Path

from qianmian.bootstrap import Cores, active_definitions
from qianmian.columns.batch import EventBatch
from qianmian.connectors.member_sheet import read_members
from qianmian.language.settle import settled
from qianmian.language.story import ROOM, START_MS
from qianmian.storage.history import History
from qianmian.storage.history_reader.reader import HistoryReader
from tests.differential.test_history_facts import written

TABLE = (
    "会员编号,性别,省份,城市等级,会员等级,职业,年龄段,是否关注\n"
    "m1,女,浙江,一线城市,金卡,白领,25–30岁,是\n"
    "m2,M,广东省,新一线,普通会员,全职妈妈,51岁以上,否\n"
    "m3,保密,火星,village,铂金,宇航员,年轻,不知道\n"
)
WANTED = {
    "m1": "gender_female region_east city_tier_tier_1 member_level_gold occupation_white_collar"
    " age_band_25_30 follower",
    "m2": "gender_male region_south city_tier_new_tier_1 member_level_basic"
    " occupation_parent_at_home age_band_51_up",
    "m3": "",
}
ABOUT = "age_band city_tier follower gender member_level occupation region".split()


def test_tags_hold_live_and_in_history_and_unknown_words_are_no_evidence(tmp_path: Path) -> None:
    told, report = read_members(TABLE.encode("gb18030"), now_ms=START_MS)
    assert (report.bad, report.doubtful) == (0, 7)
    assert {(one.line, one.code) for one in report.doubts} == {(4, "unknown_word")}
    assert {one.column for one in report.doubts} == set(TABLE.partition("\n")[0].split(",")[1:])
    levels = settled([one for one in active_definitions() if one.kind == "tag"])
    mine = {
        one.key: one.expr
        for one in levels
        if one.key in ABOUT or any(one.key.startswith(f"{key}_") for key in ABOUT)
    }
    enough = {f"{key}_enough" for key in ABOUT}
    wanted = {who: {*keys.split(), *(enough if keys else ())} for who, keys in WANTED.items()}
    wanted["m1"].discard("follower_enough")  # who is told to follow is a yes by itself

    entered = [
        {"type": "room_entered", "clock": START_MS, "viewer": who, "room": ROOM} for who in WANTED
    ]
    rows = [*entered, *(row for _, row in told)]
    engine = Cores().new(levels, presence=False, session_timeout=False)
    engine.run(EventBatch.from_rows(rows))
    engine.finish(START_MS + 1_000)
    live = {who: engine.viewer_levels(ROOM, who) or () for who in WANTED}
    assert {who: {key for key in mine if f"tag.{key}" in live[who]} for who in WANTED} == wanted

    history = History(tmp_path)
    written(history, rows, 0)
    reader = HistoryReader(tmp_path)
    said = {key: reader.viewers_of(expr, START_MS + 1_000) for key, expr in mine.items()}
    reader.close()
    assert {who: {key for key in mine if who in said[key]} for who in WANTED} == wanted
