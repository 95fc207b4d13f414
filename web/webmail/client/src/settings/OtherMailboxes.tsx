import { Pencil, Plus, RefreshCw, Trash2 } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { change, request } from "../jmap/client";
import { type Fetched, refused, troubleOf } from "../jmap/errors";
import { lines } from "../mail/tree";
import { short } from "../mail/when";
import { folderName } from "../names";
import { IconButton } from "../shell/Button";
import { Dialog } from "../shell/Dialog";
import { toast, useApp } from "../store";
import { Bones } from "./SettingsRoom";
import { ownAccount, say, useLoaded } from "./use";

interface RemoteMailbox extends Fetched {
  id: string;
  host: string;
  port: number;
  tls: "implicit" | "start";
  user: string;
  mailboxId: string | null;
  minutes: number;
  keep: boolean;
  isEnabled: boolean;
  isFetching: boolean;
  lastFetched: string | null;
  nextFetch: string | null;
  fetched: number;
  failures: number;
}

const PORTS = { implicit: 995, start: 110 };
const LOOK_AGAIN = 3000;

async function load(): Promise<RemoteMailbox[]> {
  const [answer] = await request([["RemoteMailbox/get", { accountId: ownAccount() }]]);
  return answer.list;
}

/** Mailboxes on other servers whose mail is fetched. */
export default function OtherMailboxes() {
  const { t } = useTranslation();
  const [found, again, show] = useLoaded(load);
  const [edited, edit] = useState<RemoteMailbox | "new" | null>(null);
  const busy = (found ?? []).some((each) => each.isFetching || (each.isEnabled && !each.lastFetched && !each.failures));
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(again, LOOK_AGAIN);
    return () => clearInterval(timer);
  }, [busy, again]);
  if (!found) return <Bones />;

  const put = (given: Record<string, unknown>) =>
    change([["RemoteMailbox/set", { accountId: ownAccount(), ...given }]])
      .catch(say)
      .then(again);

  async function fetchNow(one: RemoteMailbox) {
    try {
      const [answer] = await request([["RemoteMailbox/fetch", { accountId: ownAccount(), ids: [one.id] }]]);
      const wrong = answer.notFetching?.[one.id];
      if (wrong) throw refused(wrong);
      toast(t("settings.others.asked"));
      setTimeout(again, LOOK_AGAIN);
    } catch (error) {
      say(error);
    }
  }

  return (
    <>
      <p className="hint">{t("settings.others.hint")}</p>
      <ul className="entries">
        {found.map((each) => (
          <li key={each.id}>
            <input
              type="checkbox"
              aria-label={t("settings.others.turn", { name: each.user })}
              checked={each.isEnabled}
              onChange={(event) => {
                const isEnabled = event.target.checked; // shown at once, taken back when the server refuses
                show(found.map((one) => (one.id === each.id ? { ...one, isEnabled } : one)));
                void put({ update: { [each.id]: { isEnabled } } });
              }}
            />
            <span className="grow">
              {each.user} <small>{each.host}</small>
              <small className={each.failures ? "wrong" : undefined} role={each.failures ? "status" : undefined}>
                <How one={each} />
              </small>
            </span>
            <IconButton
              label={t("settings.others.now", { name: each.user })}
              disabled={!each.isEnabled || each.isFetching}
              onClick={() => void fetchNow(each)}
            >
              <RefreshCw />
            </IconButton>
            <IconButton label={t("settings.others.change", { name: each.user })} onClick={() => edit(each)}>
              <Pencil />
            </IconButton>
            <IconButton
              label={t("settings.others.drop", { name: each.user })}
              onClick={() => void put({ destroy: [each.id] })}
            >
              <Trash2 />
            </IconButton>
          </li>
        ))}
      </ul>
      <div className="buttons">
        <button type="button" onClick={() => edit("new")}>
          <Plus />
          {t("settings.others.add")}
        </button>
      </div>
      {edited && (
        <Editor
          one={edited === "new" ? null : edited}
          onClose={() => edit(null)}
          onDone={() => {
            edit(null);
            again();
          }}
        />
      )}
    </>
  );
}

/** How it goes, in words. */
function How({ one }: { one: RemoteMailbox }) {
  const { t } = useTranslation();
  if (one.isFetching) return t("settings.others.fetching");
  const last = one.lastFetched
    ? t("settings.others.last", { when: short(one.lastFetched), count: one.fetched })
    : t("settings.others.never");
  return one.error ? `${troubleOf(one)} · ${last}` : last;
}

interface EditorProps {
  one: RemoteMailbox | null;
  onClose: () => void;
  onDone: () => void;
}

function Editor({ one, onClose, onDone }: EditorProps) {
  const { t } = useTranslation();
  const folders = useApp((state) => state.mailboxes[ownAccount()]) ?? [];
  const [tls, setTls] = useState(one?.tls ?? "implicit");
  const [port, setPort] = useState(one?.port ?? PORTS.implicit);
  const [wrong, setWrong] = useState("");

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const password = String(given.get("password") ?? "");
    const facts = {
      host: text("host"),
      port,
      tls,
      user: text("user"),
      mailboxId: text("folder") || null,
      minutes: Number(text("minutes")),
      keep: given.get("remove") === null,
      ...(password ? { password } : {}),
    };
    const what = one ? { update: { [one.id]: facts } } : { create: { made: facts } };
    try {
      await change([["RemoteMailbox/set", { accountId: ownAccount(), ...what }]]);
      onDone();
    } catch (error) {
      setWrong((error as Error).message);
    }
  }

  return (
    <Dialog title={one ? t("settings.others.change", { name: one.user }) : t("settings.others.add")} onClose={onClose}>
      <form className="form" onSubmit={save}>
        <label>
          {t("settings.others.host")}
          <input name="host" defaultValue={one?.host} required placeholder="pop.example.org" />
        </label>
        <div className="pair">
          <label>
            {t("settings.others.safety")}
            <select
              value={tls}
              onChange={(event) => {
                const next = event.target.value as "implicit" | "start";
                if (port === PORTS[tls]) setPort(PORTS[next]);
                setTls(next);
              }}
            >
              <option value="implicit">{t("settings.programs.tls.implicit")}</option>
              <option value="start">{t("settings.programs.tls.start")}</option>
            </select>
          </label>
          <label>
            {t("settings.programs.port")}
            <input
              type="number"
              min={1}
              max={65535}
              required
              value={port}
              onChange={(event) => setPort(event.target.valueAsNumber)}
            />
          </label>
        </div>
        <div className="pair">
          <label>
            {t("settings.programs.user")}
            <input name="user" defaultValue={one?.user} required autoComplete="off" />
          </label>
          <label>
            {t("settings.others.password")}
            <input
              name="password"
              type="password"
              required={!one}
              autoComplete="new-password"
              placeholder={one ? t("settings.others.asWas") : ""}
            />
          </label>
        </div>
        <div className="pair">
          <label>
            {t("settings.others.folder")}
            <select name="folder" defaultValue={one?.mailboxId ?? ""}>
              {lines(folders).map(([each, depth]) => (
                <option key={each.id} value={each.role === "inbox" ? "" : each.id}>
                  {"\u2003".repeat(depth) + folderName(each)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t("settings.others.minutes")}
            <input name="minutes" type="number" min={1} max={10080} required defaultValue={one?.minutes ?? 15} />
          </label>
        </div>
        <label className="check">
          <input type="checkbox" name="remove" defaultChecked={one ? !one.keep : false} />
          {t("settings.others.remove")}
        </label>
        <p className="hint">{t("settings.others.removeHint")}</p>
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer>
          <button type="submit" className="main">
            {t("app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
