"""What is new in an answer, as each mail program marks what it quotes."""

from __future__ import annotations

import pytest

from groupware.mime.html import plain_text
from groupware.mime.unique import unique_html, unique_text

NEW = "<div>New <b>words</b></div>"


@pytest.mark.parametrize(
    "quoted",
    [
        '<div class="gmail_quote"><div dir="ltr">Ann wrote:<br></div><blockquote>Old<div>x</div></blockquote></div>',
        '<div class="gmail_quote gmail_quote_container"><div>On Mon</div>Old</div>',
        '<hr style="display:inline-block" tabindex="-1"><div id="divRplyFwdMsg"><b>From:</b> Ann</div><p>Old</p>',
        '<div id="appendonsend"></div><hr><div><b>From:</b> Ann</div>Old',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt"><p><b>From:</b> Ann</p></div><p>Old</p>',
        '<blockquote type="cite"><div>Ann wrote:</div><blockquote type="cite">Older</blockquote>Old</blockquote>',
        '<div class="moz-cite-prefix">Ann wrote:<br></div><blockquote type="cite" cite="mid:x">Old</blockquote>',
        '<div id="yahoo_quoted_1" class="yahoo_quoted">Old</div>',
        "<hr><div><b>From:</b> Ann<br></div><br>Old",
        "<pre>-----Original Message-----\nOld</pre>",
        '<blockquote type="cite">Old, which nobody closes',
    ],
)
def test_the_original_goes_and_the_answer_stays(quoted: str) -> None:
    assert plain_text(unique_html(f"<html><body>{NEW}{quoted}")).strip() == "New words"


def test_an_answer_below_what_it_quotes_stays() -> None:
    quoted = (
        '<div class="moz-cite-prefix">Ann:</div><blockquote type="cite">Old<blockquote>Older</blockquote></blockquote>'
    )
    assert unique_html(f"{quoted}{NEW}") == NEW


@pytest.mark.parametrize(
    "html", [NEW, "<blockquote>a verse</blockquote>", '<blockquote type="cite">all</blockquote>', ""]
)
def test_what_quotes_nothing_or_nothing_else_is_whole(html: str) -> None:
    assert unique_html(html) == html


def test_a_picture_is_an_answer() -> None:
    assert unique_html('<img src="cid:x"><blockquote type="cite">Old</blockquote>') == '<img src="cid:x">'


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("New\n\nOn Mon, Ann <ann@x.test>\nwrote:\n\n> Old\n>> Older\n", "New"),
        ("New\n-----Original Message-----\nFrom: Ann\n\nOld", "New"),
        ("New\n\n________________________________\nFrom: Ann\nOld", "New"),
        ("On Mon Ann wrote:\n> Old\n\nNew\n", "New"),
        ("> Old\n\nOne\n\n> Older\n\nTwo", "One\n\n> Older\n\nTwo"),
        ("New\r\n> Old\r\n", "New"),
        ("No quote: here\nAt all", "No quote: here\nAt all"),
        ("> all of it", "> all of it"),
    ],
)
def test_plain_texts(text: str, new: str) -> None:
    assert unique_text(text) == new


def test_it_is_linear() -> None:
    for piece in ("<div>", "<blockquote type=cite>", "<hr>", "<div class=gmail_quote", "<", "> x\n", "a:\n"):
        html = piece * (400_000 // len(piece))
        assert isinstance(unique_html(html), str) and isinstance(unique_text(html), str)
