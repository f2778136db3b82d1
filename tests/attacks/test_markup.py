"""Names from the data are letters on a page: no picture is fetched, no link made, no style taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.app import MENU
from dashboards.plain import plain
from tests.attacks.conftest import EVIL, NAMES, PERSON, Hostile
from tests.dashboard.test_dashboard import opened

# what Streamlit's Markdown makes a link, a picture, a formula or a style of
_LIVE: Final = re.compile(
    rf"(?<!\\)\]\((?!\))|(?:https?|ftp)://|(?<!\\)<[a-z/]|(?<!\\)\$[^$]*{EVIL}|(?<!\\):red\[|www\.",
    re.IGNORECASE,
)
# fields of Streamlit's messages whose text the browser reads as Markdown
_MARKED_UP: Final = frozenset({"body", "label", "caption"})


def _messages(block: Any) -> Iterator[Any]:
    for child in getattr(block, "children", {}).values():
        found = getattr(child, "proto", None)
        if hasattr(found, "ListFields"):
            yield found
        yield from _messages(child)


def marked_up(test: AppTest) -> list[str]:
    """Every text of the page that is read as Markdown, the cells of plain tables among them."""
    texts: list[str] = []
    for message in _messages(test.main):
        for field, value in message.ListFields():
            if field.name in _MARKED_UP and isinstance(value, str) and value:
                texts.append(value)
    for table in test.table:
        texts += [str(cell) for row in table.value.itertuples(index=False) for cell in row]
    return texts


def live(text: str) -> bool:
    """Whether a text with a hostile name in it would act, program's own Markdown left aside."""
    hostile = EVIL in text or "onerror" in text or "7*7" in text or "shout" in text
    return hostile and bool(_LIVE.search(text))


@pytest.mark.parametrize("page", [name for name in MENU if name != "audit"])
def test_no_name_acts_on_a_page(at_hostile: Hostile, page: str) -> None:
    test = opened(page)
    if page == "me":
        test.selectbox(key="me").set_value(PERSON).run()
    assert not test.exception
    assert [text for text in marked_up(test) if live(text)] == []
    assert at_hostile.home.exists()


def test_what_the_address_names_is_letters_too(at_hostile: Hostile) -> None:
    payload = f"![x](https://{EVIL}/q.png)" + "A" * 5_000
    test = opened("overview", as_of=payload, agency=[payload], locality=payload)
    assert not test.exception
    texts = [text for text in marked_up(test) if text.startswith("The address")]
    assert len(texts) == 3
    assert all(EVIL in text for text in texts)
    assert [text for text in texts if live(text) or len(text) > 500] == []
    asked = opened("workbench", query=payload)
    assert [text for text in marked_up(asked) if live(text)] == []
    assert at_hostile.home.exists()


@pytest.mark.parametrize("name", NAMES)
def test_plain_text_is_inert_and_prose_stays(name: str) -> None:
    assert not live(plain(name))
    assert "\x1b" not in plain(name)
    assert "\u202e" not in plain(name)
    prose = "Health trust, North: 41% (95% interval 1.05 to 5.34), a_b - 3!"
    assert plain(prose) == prose
