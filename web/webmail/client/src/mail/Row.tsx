import { AlarmClock, Check, Clock, CornerUpLeft, Paperclip, Pin, Star } from "lucide-react";
import { type MouseEvent, memo } from "react";
import { useTranslation } from "react-i18next";
import type { Address, Email } from "../jmap/types";

import { folderName } from "../names";
import { get, set, useApp, withRole } from "../store";
import { toggleFlag } from "./act";
import { unreadIn } from "./conversation";
import { accountName, DRAGGED } from "./FolderTree";
import { open } from "./keys";
import { Labels } from "./Labels";
import { shownIn } from "./places";
import { resumeById } from "./Reader";
import { Sign } from "./Sign";
import { long, short, soon } from "./when";

interface Props {
  id: string;
  top: number;
  index: number;
  total: number;
  shown: boolean;
  at: boolean;
  selected: boolean;
}

const HUES = 8;

function called(list: Address[] | null): string {
  return (list ?? []).map((each) => each.name || each.email).join(", ");
}

/** The same colour for the same person. */
export function hue(text: string): number {
  let found = 0x811c9dc5;
  for (const sign of text) found = Math.imul(found ^ (sign.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return (found >>> 16) % HUES;
}

function select(id: string, index: number, range: boolean): void {
  const { selected, list, cursor } = get();
  const next = new Set(selected);
  if (range && list) {
    const [from, to] = [Math.min(cursor, index), Math.max(cursor, index)];
    for (const each of list.ids.slice(from, to + 1)) if (each) next.add(each);
  } else if (!next.delete(id)) next.add(id);
  set({ selected: next, cursor: index });
}

function drag(event: React.DragEvent, id: string): void {
  const { selected } = get();
  const ids = selected.has(id) ? [...selected] : [id];
  event.dataTransfer.setData(DRAGGED, JSON.stringify(ids));
  event.dataTransfer.effectAllowed = "move";
}

/** One line of the list. */
export const Row = memo(function Row({ id, top, index, total, shown, at, selected }: Props) {
  const { t } = useTranslation();
  const email = useApp((state) => state.emails[id]);
  const unread = useApp((state) => email !== undefined && unreadIn(state, email).length > 0);
  if (!email) return <Bone top={top} />;
  const outgoing = ["sent", "drafts"].some((role) => email.mailboxIds[withRole(email.accountId, role)?.id ?? ""]);
  const those = outgoing ? email.to : email.from;
  const people = called(those) || "—";
  const first = those?.length === 1 ? those[0] : undefined;
  const subject = email.subject || t("list.noSubject");
  const act = (event: MouseEvent) => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.shiftKey) select(id, index, event.shiftKey);
    else if (email.keywords.$draft) void resumeById(email.accountId, id);
    else open(index);
  };
  const state = [unread && "unread", shown && "shown", at && "at", selected && "selected"].filter(Boolean).join(" ");
  return (
    <li
      className={`row ${state}`}
      style={{ transform: `translateY(${top}px)` }}
      aria-posinset={index + 1}
      aria-setsize={total}
      draggable
      onDragStart={(event) => drag(event, id)}
    >
      <button
        type="button"
        className={`face hue${hue(people)}`}
        aria-pressed={selected}
        aria-label={`${t("list.select")}: ${subject}`}
        onClick={(event) => select(id, index, event.shiftKey)}
      >
        {selected ? <Check /> : <Sign name={people} address={first?.email} />}
      </button>
      <a href={`/mail/${email.accountId}/${shownIn(email)}/${id}`} onClick={act} aria-current={shown || undefined}>
        <Head email={email} people={people} unread={unread} />
        <span className="about">
          <span className="subject" dir="auto">
            {email.keywords.$answered && <CornerUpLeft aria-hidden="true" />}
            {subject}
          </span>
          <Labels email={email} />
          <Where email={email} />
        </span>
        <span className="preview" dir="auto">
          {email.preview}
        </span>
      </a>
      <button
        type="button"
        className={email.keywords.$flagged ? "star on" : "star"}
        aria-pressed={Boolean(email.keywords.$flagged)}
        aria-label={`${t("act.flag")}: ${subject}`}
        onClick={() => void toggleFlag([id])}
      >
        <Star />
      </button>
    </li>
  );
});

function Head({ email, people, unread }: { email: Email; people: string; unread: boolean }) {
  const { t } = useTranslation();
  return (
    <span className="head">
      <span className="people">
        {unread && <span className="unseen">{t("list.unread")}: </span>}
        <bdi>{people}</bdi>
      </span>
      {(email.threadSize ?? 1) > 1 && (
        <span className="many" title={t("list.messages", { count: email.threadSize })}>
          {email.threadSize}
        </span>
      )}
      {email.keywords.$pinned && <Pin role="img" aria-label={t("list.pinned")} />}
      {email.keywords.$new && <AlarmClock role="img" aria-label={t("list.cameBack")} />}
      {email.hasAttachment && <Paperclip role="img" aria-label={t("list.attachment")} />}
      {email.snoozed ? (
        <time className="waits" dateTime={email.snoozed.until} title={long(email.snoozed.until)}>
          <Clock role="img" aria-label={t("list.waits")} /> {soon(email.snoozed.until)}
        </time>
      ) : (
        <time dateTime={email.receivedAt} title={long(email.receivedAt)}>
          {short(email.receivedAt)}
        </time>
      )}
    </span>
  );
}

/** Where an email is that a search has found. */
function Where({ email }: { email: Email }) {
  const where = useApp((state) => {
    if (state.list?.sources === null) return null;
    const folders = state.mailboxes[email.accountId]?.filter((each) => email.mailboxIds[each.id]) ?? [];
    const account = state.accounts.find((each) => each.id === email.accountId);
    if (!folders.length) return null;
    const names = folders.map(folderName).join(", ");
    return account?.own === false ? `${accountName(account)} · ${names}` : names;
  });
  return where && <span className="where">{where}</span>;
}

/** A line that is not there yet. */
export function Bone({ top }: { top: number }) {
  return (
    <div className="row bones" style={{ transform: `translateY(${top}px)` }} aria-hidden="true">
      <span className="face" />
      <span className="bone" style={{ width: "38%" }} />
      <span className="bone" style={{ width: "64%" }} />
      <span className="bone" style={{ width: "82%" }} />
    </div>
  );
}
