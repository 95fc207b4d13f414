import { useTranslation } from "react-i18next";
import { type Entry, extrasFor, type Grant, type Level, lettersFor, levelsFor, taken, together } from "./access";
import { levelName } from "./words";

export interface Chosen {
  level: Level | "custom";
  /** Letters of what goes beside a level. */
  extras: string;
  rights: string;
  denied: string;
  /** A day, or "". */
  until: string;
}

export function chosenOf(each: Grant): Chosen {
  const { rights, denied } = each;
  const known = each.level === "custom" ? taken(rights, denied) : { level: each.level, extras: "" };
  return { level: "custom", extras: "", ...known, rights, denied, until: dayOf(each.expires) };
}

/** The grant that was chosen; it ends with its day, as this device counts days. */
export function entryOf({ level, extras, rights, denied, until }: Chosen): Entry {
  const expires = until ? new Date(`${until}T23:59:59`).toISOString().replace(/\.\d+Z$/, "Z") : null;
  if (level === "custom") return { rights, denied, expires };
  const letters = together(level, extras);
  return letters ? { rights: letters, expires } : { level, expires };
}

export function dayOf(expires: string | null): string {
  if (!expires) return "";
  const day = new Date(expires);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

interface Props {
  kind: string;
  who: string;
  value: Chosen;
  onChange: (value: Chosen) => void;
}

/** A level in plain words; one that is put together shows what it is made of. */
export function LevelSelect({ kind, who, value, onChange }: Props) {
  const { t } = useTranslation();
  const known = levelsFor(kind);
  const shown = value.level === "custom" || known.includes(value.level) ? known : [value.level, ...known];
  return (
    <select
      aria-label={t("sharing.levelOf", { name: who })}
      value={value.level}
      onChange={(event) => onChange({ ...value, level: event.target.value as Chosen["level"] })}
    >
      {[...shown, "custom"].map((each) => (
        <option key={each} value={each}>
          {levelName(each)}
        </option>
      ))}
    </select>
  );
}

/** What goes beside the level: what is private, and to act for the owner. */
export function ExtraBoxes({ kind, who, value, onChange }: Props) {
  const { t } = useTranslation();
  if (value.level === "custom" || !together(value.level, "5")) return null;
  const turn = (letter: string, on: boolean) =>
    onChange({ ...value, extras: on ? value.extras + letter : value.extras.replace(letter, "") });
  const all = extrasFor(kind);
  if (!all.length) return null;
  return (
    <fieldset className="extras">
      <legend className="unseen">{t("sharing.extrasOf", { name: who })}</legend>
      {all.map((each) => (
        <label key={each}>
          <input
            type="checkbox"
            checked={value.extras.includes(each)}
            onChange={(event) => turn(each, event.target.checked)}
          />
          {t(`sharing.extra.${each}`)}
        </label>
      ))}
    </fieldset>
  );
}

export function RightsBoxes({ kind, value, onChange }: Omit<Props, "who">) {
  const { t } = useTranslation();
  const turn = (letter: string, on: boolean) => {
    const rights = on ? value.rights + letter : value.rights.replace(letter, "");
    onChange({ ...value, level: "custom", rights, denied: on ? value.denied.replace(letter, "") : value.denied });
  };
  return (
    <fieldset className="rights">
      <legend>{t("sharing.rights")}</legend>
      {lettersFor(kind).map((each) => (
        <label key={each}>
          <input
            type="checkbox"
            checked={value.rights.includes(each)}
            onChange={(event) => turn(each, event.target.checked)}
          />
          {t(`sharing.right.${each}`)}
        </label>
      ))}
      {value.denied && (
        <p className="denied">
          {t("sharing.denied", { rights: [...value.denied].map((each) => t(`sharing.right.${each}`)).join(", ") })}
        </p>
      )}
    </fieldset>
  );
}

export function UntilField({ who, value, onChange }: Omit<Props, "kind">) {
  const { t } = useTranslation();
  return (
    <label className="until">
      <span>{t("sharing.until")}</span>
      <input
        type="date"
        aria-label={t("sharing.untilOf", { name: who })}
        min={dayOf(new Date().toISOString())}
        value={value.until}
        onChange={(event) => onChange({ ...value, until: event.target.value })}
      />
    </label>
  );
}
