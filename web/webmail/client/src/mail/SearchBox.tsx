import { Clock, Filter, Search, User, X } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { acquaintances } from "../compose/draft";
import { learn } from "../compose/known";
import { NOWHERE } from "../place";
import { IconButton } from "../shell/Button";
import { get, useApp, withRole } from "../store";
import { labelName } from "./labels";
import { visitPlace } from "./load";
import { recentSearches, rememberSearch, type Suggestion, suggest } from "./suggest";

const own = () => get().accounts.find((each) => each.own)?.id ?? null;

function find(search: string): void {
  rememberSearch(search);
  void visitPlace({ ...NOWHERE, accountId: own(), search }, false);
}

function leave(): void {
  const inbox = withRole(own(), "inbox");
  if (inbox) void visitPlace({ ...NOWHERE, accountId: own(), mailboxId: inbox.id }, false);
}

function folderNames(): string[] {
  const all = Object.values(get().mailboxes).flat();
  return [...new Set(all.map((each) => each.role ?? each.name))].sort((one, other) => one.localeCompare(other));
}

const ICONS = { operator: Filter, value: Filter, person: User, recent: Clock };

/** Over all accounts; proposes operators, people and what was sought before while one types. */
export function SearchBox() {
  const { t } = useTranslation();
  const id = useId();
  const search = useApp((state) => state.place.search);
  const [typed, type] = useState(search ?? "");
  const [open, show] = useState(false);
  const [at, setAt] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => type(search ?? ""), [search]);
  const found = useMemo(() => {
    if (!open) return [];
    const labels = get().labels.map(labelName);
    const choice = { people: acquaintances(), folders: folderNames(), labels, recent: recentSearches() };
    return suggest(typed, { ...choice, today: new Date() });
  }, [open, typed]);

  function go(event: FormEvent) {
    event.preventDefault();
    close();
    if (typed.trim()) find(typed.trim());
    else if (search !== null) leave();
  }

  function close() {
    show(false);
    setAt(-1);
  }

  function take(each: Suggestion) {
    type(each.text);
    setAt(-1);
    field.current?.focus();
    if (!each.whole) return;
    close();
    find(each.text);
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    const chosen = found[at];
    if (event.key === "Escape" && open && found.length) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      show(true);
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      setAt(Math.min(Math.max(next, -1), found.length - 1));
    } else if (chosen && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      take(chosen);
    }
  }

  return (
    <search className="search" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}>
      <form onSubmit={go}>
        <Search aria-hidden="true" />
        <input
          id="search"
          ref={field}
          type="text"
          role="combobox"
          enterKeyHint="search"
          autoComplete="off"
          aria-label={t("search.label")}
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          placeholder={`${t("search.label")}  ${t("search.hint")}`}
          value={typed}
          onFocus={() => {
            void learn();
            show(true);
          }}
          onChange={(event) => {
            type(event.target.value);
            show(true);
            setAt(-1);
          }}
          onKeyDown={onKeyDown}
        />
        {(typed || search !== null) && (
          <IconButton label={t("search.clear")} onClick={() => (search !== null ? leave() : type(""))}>
            <X />
          </IconButton>
        )}
      </form>
      {found.length > 0 && (
        <div className="suggestions" id={`${id}-list`} role="listbox" aria-label={t("search.suggestions")}>
          {found.map((each, index) => {
            const Icon = ICONS[each.kind];
            const about = each.kind === "person" ? each.about : each.about && t(`search.about.${each.about}`);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
              <div
                key={`${each.kind} ${each.text}`}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => take(each)}
              >
                <Icon aria-hidden="true" />
                <strong>{each.label}</strong>
                {about && about !== each.label && <span>{about}</span>}
              </div>
            );
          })}
        </div>
      )}
    </search>
  );
}
