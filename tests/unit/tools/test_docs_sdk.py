"""The types of the browser client say what the event table says."""

from __future__ import annotations

import re

from qianmian.vocabulary.events import CATALOG
from tools import docs_sdk
from tools.docs import stale


def test_the_types_are_of_this_event_table() -> None:
    pages = {path: text.rstrip("\n") + "\n" for path, text in docs_sdk.pages().items()}
    assert stale(pages) == {}, "make docs"


def test_a_page_may_say_what_a_browser_key_may_send_with_what_it_must_have() -> None:
    text = docs_sdk.pages()[docs_sdk.PATH]
    events = text[text.index("export interface BrowserEvents") :]
    named = set(re.findall(r"^  (\w+): Common", events, re.MULTILINE))
    assert named == {one.name for one in CATALOG if "browser" in one.senders}
    for one in CATALOG:
        if one.name in named and one.fields:
            body = events[events.index(f"  {one.name}: Common") :].partition("\n  }\n")[0]
            marks = dict(re.findall(r"^    (\w+)(\??):", body, re.MULTILINE))
            assert marks == {field.name: "" if field.required else "?" for field in one.fields}
