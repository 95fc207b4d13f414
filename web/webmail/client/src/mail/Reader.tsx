import { ArrowLeft } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { resume } from "../compose/draft";
import type { Email } from "../jmap/types";
import { IconButton } from "../shell/Button";
import { get, goBack, useApp } from "../store";
import { Actions } from "./Actions";
import { markSeen } from "./act";
import { unreadIn } from "./conversation";
import { loadFull } from "./load";
import { Message } from "./Message";
import { short } from "./when";

/** Goes on writing a draft. */
export async function resumeById(accountId: string, id: string): Promise<void> {
  await loadFull(accountId, [id]);
  const email = get().full[id];
  if (email) await resume(email);
}

/** The emails of the conversation that one is in, oldest first. */
function useConversation(id: string | null): Email[] {
  const emails = useApp((state) => state.emails);
  const threads = useApp((state) => state.threads);
  const here = id ? emails[id] : undefined;
  if (!here) return [];
  const found = (threads[here.threadId] ?? [here.id]).map((each) => emails[each]);
  const all = found.filter((each): each is Email => each !== undefined);
  return all.length ? all.sort((one, other) => one.receivedAt.localeCompare(other.receivedAt)) : [here];
}

/** Pixels of the conversation that stay in sight above what is open. */
const LINES_ABOVE = 96;

/** Where reading begins: with the first of the conversation that is not read. */
function beginning(id: string): string {
  const email = get().emails[id];
  return (email && unreadIn(get(), email)[0]?.id) ?? id;
}

export function Reader() {
  const { t } = useTranslation();
  const id = useApp((state) => state.place.emailId);
  const conversation = useConversation(id);
  const first = useMemo(() => id && beginning(id), [id]);
  const [chosen, choose] = useState<{ of: string; is: string } | null>(null);
  const opened = chosen && chosen.of === id ? chosen.is : first;
  const text = useRef<HTMLDivElement>(null);
  // What scrolls has the focus, unless somebody is at work elsewhere: the keys that turn pages turn those of the text.
  useEffect(() => {
    const at = document.activeElement;
    if (id && (at === document.body || at?.closest(".list, .reader"))) text.current?.focus({ preventScroll: true });
  }, [id]);
  const shown = conversation.find((each) => each.id === opened) ?? conversation.find((each) => each.id === id);
  const unread = shown && !shown.keywords.$seen;
  const at = shown?.id;
  // Below a long conversation, what is open would be out of sight.
  useEffect(() => {
    const article = at && text.current?.querySelector<HTMLElement>(".message");
    if (article) text.current?.scrollTo({ top: Math.max(0, article.offsetTop - LINES_ABOVE) });
  }, [at]);
  useEffect(() => {
    if (shown && unread) void markSeen(shown);
    if (shown) void loadFull(shown.accountId, [shown.id]).catch(() => undefined);
  }, [shown, unread]);

  if (!id)
    return (
      <main className="reader idle">
        <div className="none">
          <p>{t("read.none")}</p>
          <small>{t("read.noneHint")}</small>
        </div>
      </main>
    );
  return (
    <main className="reader" aria-label={shown?.subject || t("list.noSubject")}>
      <div className="bar" role="toolbar" aria-label={t("act.more")}>
        <IconButton label={t("act.back")} keys="u" className="back" onClick={() => goBack({ emailId: null })}>
          <ArrowLeft />
        </IconButton>
        <span className="grow" />
        <Actions ids={[id]} />
      </div>
      <h2 className="title" dir="auto">
        {shown ? shown.subject || t("list.noSubject") : " "}
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <div className="conversation" ref={text} tabIndex={0}>
        {conversation.map((each) =>
          each.id === shown?.id ? (
            <Message key={each.id} email={each} />
          ) : (
            <button
              type="button"
              className={each.keywords.$seen ? "folded" : "folded unread"}
              key={each.id}
              onClick={() => choose({ of: id, is: each.id })}
            >
              {!each.keywords.$seen && <span className="unseen">{t("list.unread")}: </span>}
              <strong>{each.from?.[0]?.name || each.from?.[0]?.email}</strong>
              <span>{each.preview}</span>
              <time dateTime={each.receivedAt}>{short(each.receivedAt)}</time>
            </button>
          ),
        )}
      </div>
    </main>
  );
}
