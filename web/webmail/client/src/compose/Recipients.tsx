import { X } from "lucide-react";
import { type KeyboardEvent, memo, type ReactNode, useEffect, useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Address } from "../jmap/types";
import { toast } from "../store";
import { addressesOf } from "./addresses";
import { acquaintances } from "./draft";
import { shown } from "./quote";

const MOST = 6;

interface Props {
  label: string;
  value: Address[];
  first?: boolean;
  onChange: (value: Address[]) => void;
  /** Looks for others than those whom one has met. */
  look?: (word: string) => Promise<Address[]>;
  children?: ReactNode;
}

/** People as chips; what is typed is completed from those whom one has met. */
export function Recipients({ label, value, first, onChange, look, children }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const [typed, type] = useState("");
  const [at, setAt] = useState(0);
  const more = useLook(typed, look);
  const found = useMemo(() => suggestions(typed, value, more), [typed, value, more]);

  function add(more: Address[]): void {
    const there = new Map(value.map((each) => [each.email.toLowerCase(), each]));
    for (const each of more) if (!there.has(each.email.toLowerCase())) there.set(each.email.toLowerCase(), each);
    onChange([...there.values()]);
    type("");
    setAt(0);
  }

  function take(): void {
    if (!typed.trim()) return;
    const { found: more, wrong } = addressesOf(typed);
    if (more.length) add(more);
    if (wrong.length) {
      toast(t("compose.badAddress", { address: wrong[0] }), { error: true });
      type(wrong.join(", "));
    }
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    const chosen = found[at];
    if (["Enter", ",", ";", "Tab"].includes(event.key) && typed.trim() && !event.ctrlKey && !event.metaKey) {
      if (event.key !== "Tab") event.preventDefault();
      if (chosen && !typed.includes("@")) add([chosen]);
      else take();
    } else if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Backspace" && !typed) onChange(value.slice(0, -1));
    else if (event.key === "Escape" && typed) {
      event.preventDefault();
      type("");
    }
  }

  return (
    <div className="line recipients">
      <label htmlFor={id}>{label}</label>
      <Chips value={value} onChange={onChange} />
      <input
        id={id}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={found.length ? `${id}-${at}` : undefined}
        autoComplete="off"
        // biome-ignore lint/a11y/noAutofocus: a new letter begins with whom it is for
        autoFocus={first}
        value={typed}
        onChange={(event) => {
          type(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        onBlur={take}
        onPaste={(event) => {
          const { found: more, wrong } = addressesOf(event.clipboardData.getData("text"));
          if (!more.length || wrong.length) return;
          event.preventDefault();
          add(more);
        }}
      />
      {children}
      {found.length > 0 && (
        <div
          className="suggestions"
          id={`${id}-list`}
          role="listbox"
          aria-label={t("compose.suggestions", { name: label })}
        >
          {found.map((each, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
            <div
              key={each.email}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => add([each])}
            >
              {each.name && <strong>{each.name} </strong>}
              <span>{each.email}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** Drawn anew when they change, and not with each letter of the text. */
const Chips = memo(
  function Chips({ value, onChange }: Pick<Props, "value" | "onChange">) {
    const { t } = useTranslation();
    return (
      <ul className="chips">
        {value.map((each) => (
          <li key={each.email} title={shown(each)}>
            {each.name || each.email}
            <button
              type="button"
              className="icon"
              aria-label={t("compose.remove", { name: each.name || each.email })}
              onClick={() => onChange(value.filter((other) => other !== each))}
            >
              <X />
            </button>
          </li>
        ))}
      </ul>
    );
  },
  (before, now) => before.value === now.value,
);

const LOOK_AFTER = 150;

/** What `look` finds, once nothing has been typed for a moment. */
function useLook(typed: string, look: Props["look"]): Address[] {
  const [found, set] = useState<Address[]>([]);
  useEffect(() => {
    const word = typed.trim();
    set([]);
    if (!look || word.length < 2) return;
    let here = true;
    const timer = setTimeout(() => {
      look(word).then(
        (all) => here && set(all),
        () => undefined,
      );
    }, LOOK_AFTER);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [typed, look]);
  return found;
}

function suggestions(typed: string, there: Address[], more: Address[]): Address[] {
  const word = typed.trim().toLowerCase();
  if (!word) return [];
  const taken = new Set(there.map((each) => each.email.toLowerCase()));
  const fits = (each: Address) =>
    each.email.toLowerCase().startsWith(word) ||
    (each.name ?? "")
      .toLowerCase()
      .split(/\s+/)
      .some((part) => part.startsWith(word));
  const known = acquaintances().filter(fits);
  return [...new Map([...more, ...known].map((each) => [each.email.toLowerCase(), each])).entries()]
    .filter(([email]) => !taken.has(email))
    .map(([, each]) => each)
    .slice(0, MOST);
}
