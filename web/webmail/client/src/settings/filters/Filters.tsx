import { ArrowDown, ArrowUp, Code, FlaskConical, Pencil, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { visitPlace } from "../../mail/load";
import { lines } from "../../mail/tree";
import { folderName } from "../../names";
import { NOWHERE } from "../../place";
import { IconButton } from "../../shell/Button";
import { Dialog } from "../../shell/Dialog";
import { useApp } from "../../store";
import { Bones } from "../SettingsRoom";
import { loadSenders } from "../senders";
import { ownAccount, say, useLoaded } from "../use";
import { type Filters as All, NEW_TEST, type Rule, sieveOf } from "./model";
import { Notices } from "./Notices";
import RuleDialog from "./RuleDialog";
import { type Tried, tryFilters } from "./store";
import { useFilters } from "./useFilters";
import { inWords } from "./words";

const NEW: Rule = { name: "", on: true, any: false, tests: [NEW_TEST], actions: [] };

/** The rules for what comes in: a list that is gone through from its top. */
export default function Filters() {
  const { t } = useTranslation();
  const { kept, put } = useFilters();
  const [edited, edit] = useState<number | null>(null);
  const [shown, show] = useState<"sieve" | "try" | null>(null);
  if (!kept) return <Bones />;
  const { filters } = kept;
  const rules = (next: Rule[]) => put({ ...filters, rules: next });
  const move = (at: number, by: number) => {
    const next = [...filters.rules];
    const [one] = next.splice(at, 1);
    if (one) next.splice(at + by, 0, one);
    void rules(next);
  };
  return (
    <>
      <Notices kept={kept} />
      {!filters.rules.length && <p className="hint">{t("settings.filters.none")}</p>}
      <ol className="rules">
        {filters.rules.map((each, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rules are what they are by their place
          <li key={at} className={each.on ? undefined : "off"}>
            <input
              type="checkbox"
              aria-label={t("settings.filters.turn", { name: each.name })}
              checked={each.on}
              onChange={(event) =>
                void rules(filters.rules.map((one, n) => (n === at ? { ...one, on: event.target.checked } : one)))
              }
            />
            <div className="grow">
              <strong>{each.name}</strong>
              <small>{inWords(each)}</small>
            </div>
            <IconButton label={t("settings.filters.up")} disabled={at === 0} onClick={() => move(at, -1)}>
              <ArrowUp />
            </IconButton>
            <IconButton
              label={t("settings.filters.down")}
              disabled={at === filters.rules.length - 1}
              onClick={() => move(at, 1)}
            >
              <ArrowDown />
            </IconButton>
            <IconButton label={t("settings.filters.edit", { name: each.name })} onClick={() => edit(at)}>
              <Pencil />
            </IconButton>
            <IconButton
              label={t("settings.filters.drop", { name: each.name })}
              onClick={() => void rules(filters.rules.filter((_, n) => n !== at))}
            >
              <Trash2 />
            </IconButton>
          </li>
        ))}
      </ol>
      <div className="buttons">
        <button type="button" className="main" onClick={() => edit(filters.rules.length)}>
          <Plus />
          {t("settings.filters.add")}
        </button>
        <button type="button" onClick={() => show("try")}>
          <FlaskConical />
          {t("settings.filters.try")}
        </button>
        <button type="button" onClick={() => show("sieve")}>
          <Code />
          {t("settings.filters.sieve")}
        </button>
      </div>
      <Blocked />
      {edited !== null && (
        <RuleDialog
          rule={filters.rules[edited] ?? NEW}
          onClose={() => edit(null)}
          onSave={async (rule) => {
            const next = [...filters.rules];
            next[edited] = rule;
            if (await rules(next)) edit(null);
          }}
        />
      )}
      {shown === "sieve" && (
        <Dialog title={t("settings.filters.sieve")} size="middle" onClose={() => show(null)}>
          <pre className="script">{sieveOf(filters).split("\r\n").slice(1).join("\n") || "keep;"}</pre>
        </Dialog>
      )}
      {shown === "try" && <TryDialog filters={filters} onClose={() => show(null)} />}
    </>
  );
}

/** Who is blocked; the list itself is among the senders. */
function Blocked() {
  const { t } = useTranslation();
  const [found] = useLoaded(loadSenders);
  return (
    <section>
      <h2>{t("settings.filters.blocked")}</h2>
      <p className="hint">
        {t(found?.blocked.length ? "settings.filters.blockedHint" : "settings.filters.noneBlocked")}
      </p>
      <ul className="chips">
        {(found?.blocked ?? []).map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      <button type="button" onClick={() => void visitPlace({ ...NOWHERE, room: "settings", path: ["senders"] }, false)}>
        {t("settings.filters.toSenders")}
      </button>
    </section>
  );
}

/** What the rules would do with the messages of a folder; nothing is done. */
function TryDialog({ filters, onClose }: { filters: All; onClose: () => void }) {
  const { t } = useTranslation();
  const folders = useApp((state) => state.mailboxes[ownAccount()]) ?? [];
  const [found, setFound] = useState<Tried[] | null>(null);
  const [busy, setBusy] = useState(false);
  function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    const at = String(new FormData(event.currentTarget).get("folder"));
    tryFilters(filters, at)
      .then(setFound, say)
      .finally(() => setBusy(false));
  }
  return (
    <Dialog title={t("settings.filters.try")} size="middle" onClose={onClose}>
      <form className="inline" onSubmit={go}>
        <select name="folder" aria-label={t("settings.filters.folder")}>
          {lines(folders).map(([each, depth]) => (
            <option key={each.id} value={each.id}>
              {"\u2003".repeat(depth) + folderName(each)}
            </option>
          ))}
        </select>
        <button type="submit" className="main" disabled={busy}>
          {t("settings.filters.tryGo")}
        </button>
      </form>
      <p className="hint">{t("settings.filters.tryHint")}</p>
      {found && !found.length && <p className="none">{t("list.empty")}</p>}
      <ul className="tried">
        {(found ?? []).map((each) => (
          <li key={each.emailId}>
            <div className="grow">
              <strong>{each.subject || t("list.noSubject")}</strong>
              <small>{each.from}</small>
            </div>
            <span className={each.error ? "wrong" : undefined}>{each.error ?? each.would.join(", ")}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
