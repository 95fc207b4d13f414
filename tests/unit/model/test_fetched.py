"""Words with a code before them."""

from __future__ import annotations

import pytest

from groupware.model.fetched import apart, coded


@pytest.mark.parametrize(("text", "code"), [("it is away", "unreachable"), ("it is away", ""), ("", "")])
def test_what_is_put_together_comes_apart(text: str, code: str) -> None:
    assert apart(coded(text, code)) == (text, code)


@pytest.mark.parametrize("said", ["[1.2.3.4] is away", "[]", "[no end", "2 × [X] DTSTART"])
def test_words_that_have_no_code_stay_as_they_are(said: str) -> None:
    assert apart(said) == (said, "")
