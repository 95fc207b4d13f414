import * as Menu from "@radix-ui/react-dropdown-menu";
import { Forward, MoreHorizontal, Reply, ReplyAll } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { forward, reply } from "../compose/answer";
import { resume } from "../compose/draft";
import { printUrl } from "../jmap/client";
import type { Email, FullEmail } from "../jmap/types";
import { IconButton } from "../shell/Button";
import { useApp } from "../store";
import { Attachments } from "./Attachments";
import { Body } from "./Body";
import { Details } from "./Details";
import { Labels } from "./Labels";
import { Receipt } from "./Receipt";
import { hue } from "./Row";
import { Sign } from "./Sign";
import { block, isFromList, leaveList } from "./sender";
import { long } from "./when";

const Invitation = lazy(() => import("../calendar/Invitation"));
const AskedHere = lazy(() => import("../sharing/AskedHere"));
const CALENDAR = /^(text\/calendar|application\/ics)$/i;
const Source = lazy(() => import("./Source"));

/** One email, opened. */
export function Message({ email }: { email: Email }) {
  const full = useApp((state) => state.full[email.id]);
  return (
    <article className="message">
      <Head email={email} full={full} />
      {full ? (
        <>
          <Labels email={email} whole />
          <Receipt email={full} />
          <Wish email={full} />
          <About email={full} />
          <Attachments email={full} />
          <Body email={full} />
        </>
      ) : (
        <div className="wait" aria-hidden="true">
          <span className="bone" style={{ width: "70%" }} />
          <span className="bone" style={{ width: "84%" }} />
          <span className="bone" style={{ width: "46%" }} />
        </div>
      )}
    </article>
  );
}

/** What it says about an event, when it is an invitation or the like. */
function About({ email }: { email: FullEmail }) {
  const online = useApp((state) => state.online);
  const part = [...email.attachments, ...email.textBody].find((each) => CALENDAR.test(each.type));
  if (!part || !online) return null;
  return (
    <Suspense>
      <Invitation key={part.blobId} accountId={email.accountId} blobId={part.blobId} />
    </Suspense>
  );
}

const ASKS = "access-request";

/** Somebody asks for access: it is answered here. */
function Wish({ email }: { email: FullEmail }) {
  const own = useApp((state) => state.online && state.accounts.some((each) => each.own && each.id === email.accountId));
  const asks = email.replyTo?.[0]?.email;
  if (!own || !asks || email["header:X-Postroom-Letter:asText"] !== ASKS) return null;
  return (
    <Suspense>
      <AskedHere accountId={email.accountId} email={asks} />
    </Suspense>
  );
}

/** As many of those whom it is to are named before one asks for the details. */
const NAMES = 8;

function Head({ email, full }: { email: Email; full: FullEmail | undefined }) {
  const { t } = useTranslation();
  const me = useApp((state) => state.me);
  const [details, setDetails] = useState(false);
  const from = email.from?.[0];
  const name = from?.name || from?.email || "—";
  const all = (email.to ?? []).map((each) => (each.email === me ? t("read.me") : each.name || each.email));
  const names = all.slice(0, NAMES).join(", ");
  return (
    <header className="letterhead">
      <span className={`face hue${hue(name)}`} aria-hidden="true">
        <Sign name={name} address={from?.email} />
      </span>
      <div className="who">
        <strong>{name}</strong> {from?.name && <span className="address">{from.email}</span>}
        <div className="line">
          <span>
            {t("read.to", { names: names || "—" })}
            {all.length > NAMES && ` ${t("read.others", { count: all.length - NAMES })}`}
          </span>
          <button type="button" className="text" aria-expanded={details} onClick={() => setDetails(!details)}>
            {t("read.details")}
          </button>
        </div>
      </div>
      <time dateTime={email.receivedAt}>{long(email.receivedAt)}</time>
      {full && <Answers email={full} />}
      {details && full && <Details email={full} />}
    </header>
  );
}

function Answers({ email }: { email: FullEmail }) {
  const { t } = useTranslation();
  const [source, setSource] = useState(false);
  const from = email.from?.[0]?.email.toLowerCase();
  const mine = useApp((state) => state.identities.some((each) => each.email.toLowerCase() === from));
  return (
    <div className="answers">
      <IconButton label={t("act.reply")} keys="r" onClick={() => void reply(email, false)}>
        <Reply />
      </IconButton>
      <IconButton label={t("act.replyAll")} keys="a" onClick={() => void reply(email, true)}>
        <ReplyAll />
      </IconButton>
      <IconButton label={t("act.forward")} keys="f" onClick={() => void forward(email)}>
        <Forward />
      </IconButton>
      <Menu.Root>
        <Menu.Trigger asChild>
          <IconButton label={t("act.more")}>
            <MoreHorizontal />
          </IconButton>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="end">
            {email.keywords.$draft && <Menu.Item onSelect={() => void resume(email)}>{t("act.editDraft")}</Menu.Item>}
            <Menu.Item onSelect={() => window.open(printUrl(email.accountId, email.blobId), "_blank", "noopener")}>
              {t("act.print")}
            </Menu.Item>
            <Menu.Item onSelect={() => setSource(true)}>{t("act.source")}</Menu.Item>
            {isFromList(email) && <Menu.Item onSelect={() => void leaveList(email)}>{t("sender.leave")}</Menu.Item>}
            {!mine && email.from?.[0] && (
              <Menu.Item className="danger" onSelect={() => void block(email)}>
                {t("sender.block", { name: email.from[0].email })}
              </Menu.Item>
            )}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      <Suspense>{source && <Source email={email} onClose={() => setSource(false)} />}</Suspense>
    </div>
  );
}
