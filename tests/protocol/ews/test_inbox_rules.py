"""UpdateInboxRules: what each condition and action of a rule comes to, as Sieve runs it. MS-OXWSRULES §2.2.4."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.exchange.rules import SCRIPT
from mailcore.sieve.actions import Action, AddHeader, DeleteHeader, Discard, FileInto, Keep, Redirect
from mailcore.sieve.check import compiled
from mailcore.sieve.letter import applied
from mailcore.sieve.machine import run
from mailcore.sieve.message import Environment, read
from tests.support.ewsstand import Client, Said, Stand

NOW = Environment(datetime(2026, 11, 26, 12, tzinfo=UTC))
ALICE = "alice@example.test"
PLAIN = f"From: Ann <ann@far.test>\r\nTo: {ALICE}\r\nSubject: Offer\r\n"
YES = "<t:{}>true</t:{}>"
READ = "<t:MarkAsRead>true</t:MarkAsRead>"
REPORT = 'Content-Type: multipart/report; report-type={}; boundary="b"\r\n'
CALENDAR = "Content-Type: text/calendar; method={}; charset=utf-8\r\n"


def yes(name: str) -> str:
    return YES.format(name, name)


def strings(name: str, *texts: str) -> str:
    return f"<t:{name}>{''.join(f'<t:String>{each}</t:String>' for each in texts)}</t:{name}>"


def people(name: str, *addresses: str) -> str:
    inside = "".join(f"<t:Address><t:EmailAddress>{each}</t:EmailAddress></t:Address>" for each in addresses)
    return f"<t:{name}>{inside}</t:{name}>"


def rule(conditions: str = "", actions: str = READ, exceptions: str = "", priority: int = 1) -> str:
    parts = f"<t:Conditions>{conditions}</t:Conditions>" if conditions else ""
    parts += f"<t:Exceptions>{exceptions}</t:Exceptions>" if exceptions else ""
    head = f"<t:DisplayName>R</t:DisplayName><t:Priority>{priority}</t:Priority><t:IsEnabled>true</t:IsEnabled>"
    inside = f"<t:Rule>{head}{parts}<t:Actions>{actions}</t:Actions></t:Rule>"
    return f"<t:CreateRuleOperation>{inside}</t:CreateRuleOperation>"


async def told(client: Client, *rules: str) -> Said:
    operations = f"<m:Operations>{''.join(rules)}</m:Operations>"
    head = "<m:RemoveOutlookRuleBlob>true</m:RemoveOutlookRuleBlob>"
    return await client.ask(f"<m:UpdateInboxRules>{head}{operations}</m:UpdateInboxRules>")


async def script_of(stand: Stand) -> bytes:
    return await stand.house.read(lambda tx: tx.script(SCRIPT, tx.account(ALICE).id))


async def actions(stand: Stand, octets: str, beside: Environment = NOW) -> list[Action]:
    outcome = run(compiled(await script_of(stand)), read(octets.encode(), "a@far.test", ALICE), beside)
    assert outcome.error is None
    return list(outcome.actions)


async def matches(stand: Stand, header: str, body: str = "\r\nText\r\n") -> bool:
    """Whether the rule, which marks as read, holds for a message."""
    [keep] = await actions(stand, header + body)
    assert isinstance(keep, Keep)
    return "\\Seen" in keep.flags


@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        (strings("ContainsHeaderStrings", "X-List: News"), "X-List: the news\r\n", "X-Other: News\r\n"),
        (strings("ContainsHeaderStrings", "X-Odd:"), "X-Odd: 1\r\n", ""),
        (strings("ContainsRecipientStrings", "team"), "Cc: team@x.test\r\n", ""),
        (strings("Categories", "Red Category"), "Keywords: Red Category\r\n", "Keywords: Blue\r\n"),
        ("<t:FlaggedForAction>Any</t:FlaggedForAction>", "X-Message-Flag: Call\r\n", ""),
        (
            "<t:FlaggedForAction>FollowUp</t:FlaggedForAction>",
            "X-Message-Flag: Follow up\r\n",
            "X-Message-Flag: Call\r\n",
        ),
        ("<t:Sensitivity>Private</t:Sensitivity>", "Sensitivity: private\r\n", "Sensitivity: personal\r\n"),
        ("<t:Sensitivity>Normal</t:Sensitivity>", "", "Sensitivity: private\r\n"),
        ("<t:Importance>High</t:Importance>", "Importance: high\r\n", "Importance: low\r\n"),
        (yes("IsAutomaticReply"), "Auto-Submitted: auto-replied\r\n", "Auto-Submitted: no\r\n"),
        (yes("IsMeetingRequest"), CALENDAR.format("REQUEST"), CALENDAR.format("REPLY")),
        (yes("IsMeetingResponse"), CALENDAR.format("COUNTER"), CALENDAR.format("REQUEST")),
        (yes("IsNDR"), REPORT.format("delivery-status"), REPORT.format("disposition-notification")),
        (yes("IsReadReceipt"), REPORT.format("disposition-notification"), REPORT.format("delivery-status")),
        (
            yes("IsSigned"),
            'Content-Type: multipart/signed; boundary="b"\r\n',
            'Content-Type: multipart/mixed; boundary="b"\r\n',
        ),
        (
            yes("IsEncrypted"),
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n",
            "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n",
        ),
        (yes("SentOnlyToMe"), 'Reply-To: "x, y" <y@x.test>\r\n', "Cc: bob@x.test\r\n"),
        (yes("NotSentToMe"), None, ""),
        (people("FromAddresses", "ann@far.test"), "", None),
    ],
)
async def test_a_condition_holds_for_what_it_says(
    stand: Stand, alice: Client, condition: str, holds: str | None, fails: str | None
) -> None:
    assert (await told(alice, rule(condition))).code == "NoError"
    other = "From: Eve <eve@far.test>\r\nTo: list@x.test\r\nSubject: x\r\n"
    assert await matches(stand, other if holds is None else PLAIN + holds)
    assert not await matches(stand, other if fails is None else PLAIN + fails)


async def test_attachments_are_what_says_that_it_is_one(stand: Stand, alice: Client) -> None:
    await told(alice, rule(yes("HasAttachments")))
    mixed = PLAIN + 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n'
    part = "\r\n--b\r\nContent-Type: text/plain\r\n{}\r\nx\r\n--b--\r\n"
    assert await matches(stand, mixed, part.format("Content-Disposition: attachment; filename=a.txt\r\n"))
    assert not await matches(stand, mixed, part.format(""))


@pytest.mark.parametrize(("start", "holds"), [("2026-11-26T11:00:00Z", True), ("2026-11-26T13:00:00Z", False)])
async def test_a_rule_may_hold_for_a_time(stand: Stand, alice: Client, start: str, holds: bool) -> None:
    inside = f"<t:StartDateTime>{start}</t:StartDateTime><t:EndDateTime>2026-12-01T00:00:00Z</t:EndDateTime>"
    await told(alice, rule(f"<t:WithinDateRange>{inside}</t:WithinDateRange>"))
    assert await matches(stand, PLAIN) == holds


async def test_an_exception_keeps_a_rule_from_being_done(stand: Stand, alice: Client) -> None:
    await told(alice, rule(strings("ContainsSubjectStrings", "Offer"), exceptions=yes("IsMeetingRequest")))
    assert await matches(stand, PLAIN)
    assert not await matches(stand, PLAIN + CALENDAR.format("REQUEST"))


async def test_a_message_gets_another_importance(stand: Stand, alice: Client) -> None:
    await told(alice, rule(actions="<t:MarkImportance>High</t:MarkImportance>"))
    new = (PLAIN + "Importance: low\r\n\r\nText\r\n").encode()
    for each in await actions(stand, new.decode()):
        if isinstance(each, AddHeader | DeleteHeader):
            new = applied(new, each)
    assert b"Importance: high" in new and b"Importance: low" not in new


async def test_a_folder_is_meant_whatever_it_is_called_by_then(stand: Stand, alice: Client) -> None:
    to = '<t:MoveToFolder><t:DistinguishedFolderId Id="archive"/></t:MoveToFolder>'
    await told(alice, rule(actions=to), rule(actions=yes("Delete"), priority=2))
    [move, delete] = await actions(stand, PLAIN + "\r\nx")
    assert isinstance(move, FileInto) and isinstance(delete, FileInto)
    at = await stand.house.read(lambda tx: tx.locate(tx.account(ALICE).id, "Archive").id)
    assert (move.place.mailbox_id, delete.place.special_use) == (f"F{at}", "\\Trash")


async def test_what_ends_the_rules_ends_no_script_beside_them(stand: Stand, alice: Client) -> None:
    account, own = await stand.house.read(lambda tx: tx.account(ALICE).id), b'redirect "own@x.test";'
    await stand.house.write(lambda tx: tx.put_script("own", own, account))
    await stand.house.write(lambda tx: tx.activate_script("own", account))
    stop = yes("StopProcessingRules")
    to = [people("RedirectToRecipients", f"{each}@x.test") for each in "abcd"]
    subjects = [strings("ContainsSubjectStrings", each) for each in "1234"]
    rules = [rule(subjects[at], to[at] + (stop if at != 1 else ""), priority=at + 1) for at in range(4)]
    assert (await told(alice, *rules)).code == "NoError"
    found = {}
    for subject in ("1 2 3 4", "2 3 4", "2 4", "x"):
        octets = PLAIN.replace("Offer", subject) + "\r\nx"
        done = await actions(
            stand, octets, replace(NOW, script=lambda _, name: compiled(own) if name == "own" else None)
        )
        found[subject] = [each.address[0] for each in done if isinstance(each, Redirect)]
    assert found == {"1 2 3 4": ["a", "o"], "2 3 4": ["b", "c", "o"], "2 4": ["b", "d", "o"], "x": ["o"]}


async def test_what_is_thrown_away_for_good_is_kept_nowhere(stand: Stand, alice: Client) -> None:
    await told(alice, rule(actions=yes("PermanentDelete")))
    assert [type(each) for each in await actions(stand, PLAIN + "\r\nx")] == [Discard]


@pytest.mark.parametrize(
    ("conditions", "does"),
    [
        (strings("ContainsHeaderStrings", "no field"), READ),
        ("<t:IsVoicemail>true</t:IsVoicemail>", READ),
        ("<t:Sensitivity>Odd</t:Sensitivity>", READ),
        ("", "<t:SendSMSAlertToRecipients/>"),
        ("", "<t:MarkImportance>Odd</t:MarkImportance>"),
        ("", "<t:MarkAsRead>false</t:MarkAsRead>"),
    ],
)
async def test_what_no_rule_can_do_is_refused_and_nothing_kept(
    stand: Stand, alice: Client, conditions: str, does: str
) -> None:
    assert (await told(alice, rule(), rule(conditions, does))).code == "ErrorInboxRulesValidationError"
    assert not (await alice.ask("<m:GetInboxRules/>")).find("t:Rule")
