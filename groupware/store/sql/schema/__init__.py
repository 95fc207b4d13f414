"""Every table, in SQLAlchemy Core. `migrations` holds the history that leads here; a test holds the two together.

1. `item` is narrow (UID, modseq, flags); what is the same in every copy (blob, size, summary) is in `content`.
2. Every change of a tree takes the next `principal.modseq` of its owner, and that row is the owner's lock.
3. `folder` counters change in the transaction of what they count.
4. Times are microseconds since 1970, UTC, where nothing else is said.
"""

from __future__ import annotations

from .base import metadata as metadata
from .belongings import push_target as push_target
from .belongings import record as record
from .belongings import upload as upload
from .devices import device as device
from .devices import sent_once as sent_once
from .devices import sync_state as sync_state
from .folders import access_request as access_request
from .folders import annotation as annotation
from .folders import folder as folder
from .folders import grant as grant
from .folders import journal as journal
from .folders import notice as notice
from .folders import quarantine as quarantine
from .folders import quota_warning as quota_warning
from .folders import seen as seen
from .folders import subscription as subscription
from .items import LONG as LONG
from .items import MARKED as MARKED
from .items import ON_TOP as ON_TOP
from .items import ON_TOP_POSTGRES as ON_TOP_POSTGRES
from .items import SEARCH_INDEX as SEARCH_INDEX
from .items import blob as blob
from .items import content as content
from .items import header_text as header_text
from .items import header_waiting as header_waiting
from .items import item as item
from .items import item_property as item_property
from .items import list_letter as list_letter
from .items import search_text as search_text
from .items import snooze as snooze
from .items import sort_key as sort_key
from .items import tombstone as tombstone
from .objects import FACTS_WAIT as FACTS_WAIT
from .objects import INEXACT_OBJECT as INEXACT_OBJECT
from .objects import PRIVATE_OBJECT as PRIVATE_OBJECT
from .objects import attached as attached
from .objects import attachment as attachment
from .objects import object_key as object_key
from .objects import occurrence as occurrence
from .objects import personal as personal
from .objects import timeline as timeline
from .objects import write_lock as write_lock
from .people import address as address
from .people import browser_session as browser_session
from .people import credential as credential
from .people import list_subscriber as list_subscriber
from .people import member as member
from .people import meta as meta
from .people import oauth_grant as oauth_grant
from .people import principal as principal
from .people import setting as setting
from .post import dmarc_reported as dmarc_reported
from .post import dmarc_seen as dmarc_seen
from .post import mta_sts as mta_sts
from .post import queue_message as queue_message
from .post import queue_recipient as queue_recipient
from .post import signing_key as signing_key
from .post import tls_result as tls_result
from .post import trace as trace
from .remote import remote_box as remote_box
from .remote import remote_letter as remote_letter
from .rules import domain_rule as domain_rule
from .rules import greylist as greylist
from .rules import lesson as lesson
from .rules import memory as memory
from .rules import occasion as occasion
from .rules import policy_rule as policy_rule
from .rules import send_usage as send_usage
from .rules import sieve_script as sieve_script
from .rules import undo as undo
from .sources import calendar_source as calendar_source
