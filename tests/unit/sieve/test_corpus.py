"""Real and nasty messages: a script that looks at everything ends well with each of them, and soon."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from mailcore.sieve.actions import Rewrite
from mailcore.sieve.bounds import Limits
from mailcore.sieve.check import compiled
from mailcore.sieve.machine import run
from mailcore.sieve.message import Environment, read
from tests.support.corpus import messages
from tests.support.corpus import read as corpus

SCRIPT = b"""
require ["fileinto", "variables", "body", "date", "index", "mime", "foreverypart", "extracttext", "editheader",
  "relational", "comparator-i;ascii-numeric", "comparator-i;unicode-casemap", "regex", "subaddress", "vacation",
  "enclose", "replace", "duplicate", "copy", "envelope"];
if anyof(header :contains ["subject", "from"] "zzzz", header :comparator "i;unicode-casemap" :matches "subject" "*zzz*",
  address :detail ["from", "to", "cc"] "zzzz", header :regex "subject" "^([^a]*a)+zz$",
  header :count "gt" :comparator "i;ascii-numeric" "received" "500", date :value "gt" "date" "year" "2900",
  date :index 1 :last :is "received" "year" "1800", duplicate, exists ["from", "x-zzzz"], size :over 1G) { discard; }
if body :contains "zzzzzzzz" { fileinto :copy "A"; }
if body :content "message" :contains "zzzzzzzz" { fileinto :copy "B"; }
if body :raw :matches "*zzz?zzz*" { fileinto :copy "C"; }
if header :matches "subject" "*" { set :upperfirst "subject" "${1}"; }
deleteheader :contains "subject" "";
addheader :last "Subject" "${subject}";
vacation :handle "h" "Away";
foreverypart {
  if header :mime :anychild :param ["name", "filename"] :matches ["content-type", "content-disposition"] "*" {
    set "name" "${1}";
  }
  extracttext :first 100 "text";
  if header :mime :type "content-type" "application" { replace "gone: ${name}"; }
}
enclose :subject "Look: ${subject}" "${text}";
"""


def test_each_message_of_the_corpus() -> None:
    script = compiled(SCRIPT)
    env = Environment(datetime(2026, 11, 26, tzinfo=UTC))
    slow: dict[str, float] = {}
    for name in messages():
        octets = corpus(name)
        message = read(octets, "ann@example.com", "bob+x@example.net")
        begin = time.process_time()
        outcome = run(script, message, env, Limits(instructions=10_000_000))
        slow[name] = time.process_time() - begin
        assert outcome.error is None, (name, outcome.error)
        (rewrite,) = [action for action in outcome.actions if isinstance(action, Rewrite)][-1:]
        assert read(rewrite.octets).parts[0].media == "multipart/mixed", name
    worst = max(slow, key=slow.__getitem__)
    assert len(slow) > 400
    assert slow[worst] < 5, worst
