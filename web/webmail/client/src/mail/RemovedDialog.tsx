import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { say, useLoaded } from "../settings/use";
import { Dialog } from "../shell/Dialog";
import { bringBack, KINDS, loadRemoved, MOST, type Removed, type RemovedKind, whereFrom } from "./removed";
import { short } from "./when";
import "./removed.css";

interface Props {
  accountId: string;
  onClose: () => void;
}

/** What was removed for good and is still kept, with a way to have it back. */
export default function RemovedDialog({ accountId, onClose }: Props) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<RemovedKind>("mail");
  const [word, setWord] = useState("");
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [found, again] = useLoaded(useCallback(() => loadRemoved(accountId, kind), [accountId, kind]));
  const shown = found?.filter((each) => has(each, word.trim().toLowerCase())) ?? [];
  const meant = shown.filter((each) => chosen.has(each.id)).map((each) => each.id);

  async function back() {
    setBusy(true);
    try {
      await bringBack(accountId, meant);
      choose(new Set());
    } catch (error) {
      say(error);
    }
    setBusy(false);
    again();
  }

  return (
    <Dialog title={t("removed.title")} size="middle" onClose={onClose}>
      <div className="form removed">
        <p className="hint">{t("removed.hint")}</p>
        <div className="about">
          <select
            aria-label={t("removed.kind")}
            value={kind}
            onChange={({ target }) => setKind(target.value as RemovedKind)}
          >
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {t(`removed.kinds.${each}`)}
              </option>
            ))}
          </select>
          <input
            type="search"
            aria-label={t("removed.find")}
            placeholder={t("removed.find")}
            value={word}
            onChange={({ target }) => setWord(target.value)}
          />
        </div>
        <ul aria-label={t("removed.title")} aria-busy={!found}>
          {shown.map((each) => (
            <Line
              key={each.id}
              one={each}
              where={whereFrom(accountId, each)}
              chosen={chosen.has(each.id)}
              onChoose={(on) => choose(toggled(chosen, each.id, on))}
            />
          ))}
        </ul>
        {found && !shown.length && <p className="hint">{t(word.trim() ? "list.emptySearch" : "removed.none")}</p>}
        {found?.length === MOST && <p className="hint">{t("removed.most", { count: MOST })}</p>}
        <footer>
          {shown.length > 0 && (
            <button
              type="button"
              className="text"
              onClick={() => choose(new Set(meant.length < shown.length ? shown.map((each) => each.id) : []))}
            >
              {t(meant.length < shown.length ? "removed.all" : "list.clear")}
            </button>
          )}
          <button type="button" className="main" disabled={busy || !meant.length} onClick={() => void back()}>
            {meant.length ? t("removed.bringSome", { count: meant.length }) : t("removed.bring")}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}

function has(one: Removed, word: string): boolean {
  const people = one.from.flatMap((each) => [each.name ?? "", each.email]);
  return [one.title, one.preview, ...people].some((each) => each.toLowerCase().includes(word));
}

function toggled(before: ReadonlySet<string>, id: string, on: boolean): ReadonlySet<string> {
  const after = new Set(before);
  if (on) after.add(id);
  else after.delete(id);
  return after;
}

interface LineProps {
  one: Removed;
  where: string;
  chosen: boolean;
  onChoose: (on: boolean) => void;
}

function Line({ one, where, chosen, onChoose }: LineProps) {
  const { t } = useTranslation();
  const people = one.from.map((each) => each.name ?? each.email).join(", ");
  return (
    <li>
      <label>
        <input type="checkbox" checked={chosen} onChange={({ target }) => onChoose(target.checked)} />
        <span>
          <strong>{one.title || t("removed.untitled")}</strong>
          {people && <span>{people}</span>}
          <small>{t("removed.from", { folder: where, when: short(one.removedAt) })}</small>
        </span>
      </label>
    </li>
  );
}
