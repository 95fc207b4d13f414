import { MailCheck, Maximize2, Minus, Paperclip, SendHorizontal, Trash2, Type, X } from "lucide-react";
import { type DragEvent, type KeyboardEvent, lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { peopleLike } from "../jmap/principals";
import { size } from "../mail/when";
import { IconButton } from "../shell/Button";
import { useBack } from "../shell/Dialog";
import { toast, useApp } from "../store";
import { attach, close, type Draft, discard, edit, save, send, write } from "./draft";
import { Later } from "./Later";
import { picturesIn } from "./pictures";
import { htmlOf, textOf } from "./quote";
import { Recipients } from "./Recipients";
import { shelfOf } from "./shelf";

const RichText = lazy(() => import("./RichText"));
const SAVED_AFTER = 1500;
/** Where a letter fills the screen. */
const NARROW = matchMedia("(max-width: 680px)");
const MENTIONED = /\battach|\banhang|\banbei|angehängt/i;

/** Whether it may go; asks about what is easily forgotten. */
function mayGo(draft: Draft, t: (key: string) => string): boolean {
  if (!draft.to.length && !draft.cc.length && !draft.bcc.length) {
    toast(t("compose.noRecipient"), { error: true });
    return false;
  }
  const own = (draft.rich ? textOf(draft.body) : draft.body).split(/\n>|\n---/)[0] ?? "";
  return (
    draft.attached.length + picturesIn(draft).length > 0 || !MENTIONED.test(own) || window.confirm(t("compose.forgot"))
  );
}

export function Composer({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);
  const { key, state } = draft;
  useBack(NARROW.matches && !draft.small, () => void close(key));
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change begins the wait anew
  useEffect(() => {
    if (state !== "changed") return;
    const timer = setTimeout(() => void save(key), SAVED_AFTER);
    return () => clearTimeout(timer);
  }, [draft, key, state]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (mayGo(draft, t)) void send(key);
    } else if (event.key === "Escape" && !event.defaultPrevented) void close(key);
  }

  function onDrop(event: DragEvent) {
    setOver(false);
    if (event.isDefaultPrevented() || !event.dataTransfer.files.length) return;
    event.preventDefault();
    void attach(key, [...event.dataTransfer.files]);
  }

  const title = draft.subject || t("compose.title");
  return (
    <section
      className={draft.small ? "composer small" : "composer"}
      aria-label={title}
      onKeyDown={onKeyDown}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <header>
        <strong dir="auto">{title}</strong>
        <State draft={draft} />
        <IconButton
          label={t(draft.small ? "compose.restore" : "compose.minimise")}
          onClick={() => edit(key, { small: !draft.small })}
        >
          {draft.small ? <Maximize2 /> : <Minus />}
        </IconButton>
        <IconButton label={t("app.close")} onClick={() => void close(key)}>
          <X />
        </IconButton>
      </header>
      {!draft.small && <Sheet draft={draft} />}
      {over && <div className="drop">{t("compose.drop")}</div>}
    </section>
  );
}

function State({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const said = { saved: "compose.saved", saving: "compose.saving", failed: "compose.failed" } as Record<string, string>;
  const text = draft.uploading ? "compose.uploading" : said[draft.state];
  return <small role="status">{text ? t(text) : ""}</small>;
}

function Sheet({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const identities = useApp((state) => state.identities);
  const [copies, setCopies] = useState(draft.cc.length > 0 || draft.bcc.length > 0);
  const { key } = draft;
  return (
    <div className="sheet">
      {identities.length > 1 && (
        <label className="line">
          <span>{t("compose.from")}</span>
          <select value={draft.identityId} onChange={(event) => write(key, { identityId: event.target.value })}>
            {identities.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name ? `${each.name} <${each.email}>` : each.email}
              </option>
            ))}
          </select>
        </label>
      )}
      <Recipients
        label={t("header.to")}
        value={draft.to}
        first={!draft.to.length}
        look={peopleLike}
        onChange={(to) => write(key, { to })}
      >
        {!copies && (
          <button type="button" className="text" onClick={() => setCopies(true)}>
            {t("compose.addCc")} / {t("compose.addBcc")}
          </button>
        )}
      </Recipients>
      {copies && (
        <Recipients label={t("header.cc")} value={draft.cc} look={peopleLike} onChange={(cc) => write(key, { cc })} />
      )}
      {copies && (
        <Recipients
          label={t("header.bcc")}
          value={draft.bcc}
          look={peopleLike}
          onChange={(bcc) => write(key, { bcc })}
        />
      )}
      <label className="line">
        <span>{t("compose.subject")}</span>
        <input dir="auto" value={draft.subject} onChange={(event) => write(key, { subject: event.target.value })} />
      </label>
      <Text draft={draft} />
      {draft.attached.length > 0 && (
        <ul className="chips">
          {draft.attached.map((each) => (
            <li key={each.blobId}>
              {each.name} <small>{size(each.size)}</small>
              <IconButton
                label={t("compose.remove", { name: each.name })}
                onClick={() => write(key, { attached: draft.attached.filter((other) => other !== each) })}
              >
                <X />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <Foot draft={draft} />
    </div>
  );
}

function Text({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const { key, body } = draft;
  const paste = (files: File[]) => void attach(key, files);
  const shelf = useMemo(() => shelfOf(key), [key]);
  const answering = draft.to.length > 0 && draft.emailId === null;
  if (draft.rich)
    return (
      <Suspense fallback={<div className="text-body" aria-busy="true" />}>
        <RichText
          value={body}
          onChange={(html) => write(key, { body: html })}
          onFiles={paste}
          focus={answering}
          shelf={shelf}
        />
      </Suspense>
    );
  return (
    <textarea
      className="text-body"
      dir="auto"
      aria-label={t("compose.body")}
      value={body}
      onChange={(event) => write(key, { body: event.target.value })}
      onPaste={(event) => event.clipboardData.files.length && paste([...event.clipboardData.files])}
    />
  );
}

function Foot({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const files = useRef<HTMLInputElement>(null);
  const { key, rich, body } = draft;

  function turn() {
    localStorage.setItem("postroom.plain", rich ? "1" : "0");
    // Plain text shows no pictures: they go along as files.
    const attached = [...draft.attached, ...picturesIn(draft)];
    write(key, { rich: !rich, body: rich ? textOf(body) : htmlOf(body), attached });
  }

  return (
    <footer>
      <button
        type="button"
        className="main"
        disabled={draft.state === "sending" || draft.uploading > 0}
        title="Ctrl Enter"
        onClick={() => mayGo(draft, t) && void send(key)}
      >
        <SendHorizontal />
        {t("compose.send")}
      </button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          void attach(key, [...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <IconButton label={t("compose.attach")} onClick={() => files.current?.click()}>
        <Paperclip />
      </IconButton>
      <IconButton label={rich ? t("compose.plain") : t("compose.rich")} aria-pressed={rich} onClick={turn}>
        <Type />
      </IconButton>
      <IconButton
        label={t("compose.receipt")}
        aria-pressed={draft.receipt}
        onClick={() => write(key, { receipt: !draft.receipt })}
      >
        <MailCheck />
      </IconButton>
      <Later
        disabled={draft.state === "sending" || draft.uploading > 0}
        onChoose={(sendAt) => {
          if (!mayGo(draft, t)) return;
          edit(key, { sendAt });
          void send(key).then((done) => done || edit(key, { sendAt: null }));
        }}
      />
      <span className="grow" />
      <IconButton label={t("compose.discard")} onClick={() => void discard(key)}>
        <Trash2 />
      </IconButton>
    </footer>
  );
}
