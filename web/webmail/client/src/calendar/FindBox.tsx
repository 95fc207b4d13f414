import { format, isSameYear } from "date-fns";
import { Search, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { IconButton } from "../shell/Button";
import { colourOf, placeNamed } from "./events";
import "./find.css";
import { findEvents } from "./find";
import { now, type Shown, set, useCalendar, visit, where } from "./store";

const AFTER = 200;
const SHORTEST = 2;

/** Looks for events in all calendars; what is chosen is shown on its day. */
export default function FindBox() {
  const { t } = useTranslation();
  const id = useId();
  const [typed, type] = useState("");
  const [open, show] = useState(false);
  const [at, setAt] = useState(0);
  const found = useFound(typed, open);

  function close() {
    show(false);
    setAt(0);
  }

  function take(each: Shown) {
    close();
    const { view } = where();
    visit({ view: view === "year" ? "day" : view, date: each.start });
    set({ open: each });
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = found?.[at];
    if (step && found?.length) {
      event.preventDefault();
      show(true);
      setAt(Math.min(Math.max(at + step, 0), found.length - 1));
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Escape" && open && typed) {
      event.preventDefault();
      close();
    }
  }

  const list = open && found;
  return (
    <search
      className="search find-events"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}
    >
      <form onSubmit={(event) => event.preventDefault()}>
        <Search aria-hidden="true" />
        <input
          id="calendar-search"
          type="text"
          role="combobox"
          enterKeyHint="search"
          autoComplete="off"
          aria-label={t("calendar.find")}
          aria-expanded={Boolean(list)}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && found?.[at] ? `${id}-${at}` : undefined}
          placeholder={t("calendar.find")}
          value={typed}
          onFocus={() => show(true)}
          onChange={(event) => {
            type(event.target.value);
            show(true);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        {typed && (
          <IconButton label={t("search.clear")} onClick={() => type("")}>
            <X />
          </IconButton>
        )}
      </form>
      {list && !list.length && (
        <p className="suggestions none" role="status">
          {t("calendar.foundNone")}
        </p>
      )}
      {list && list.length > 0 && (
        <div className="suggestions" id={`${id}-list`} role="listbox" aria-label={t("calendar.found")}>
          {list.map((each, index) => (
            <Line key={each.id} id={`${id}-${index}`} each={each} chosen={index === at} onChoose={() => take(each)} />
          ))}
        </div>
      )}
    </search>
  );
}

interface LineProps {
  id: string;
  each: Shown;
  chosen: boolean;
  onChoose: () => void;
}

function Line({ id, each, chosen, onChoose }: LineProps) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const day = dated(each.start, isSameYear(each.start, now()) ? "EEE, d MMM" : "d MMM yyyy");
  const place = placeNamed(each.event);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      className={each.end < now() ? "past" : undefined}
      ref={(at) => {
        if (chosen) at?.scrollIntoView({ block: "nearest" });
      }}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      <i style={{ background: each.event.color ?? colourOf(each.calendar, calendars) }} />
      <strong>{each.event.title || t("calendar.noTitle")}</strong>
      <span className="grow">{place}</span>
      <time>
        {day}
        {!each.allDay && `, ${format(each.start, "p")}`}
      </time>
    </div>
  );
}

/** What is found, once nothing has been typed for a moment; null: nothing is looked for. */
function useFound(typed: string, open: boolean): Shown[] | null {
  const [found, setFound] = useState<Shown[] | null>(null);
  const words = typed.trim();
  useEffect(() => {
    if (!open || words.length < SHORTEST) return setFound(null);
    let here = true;
    const timer = setTimeout(() => {
      findEvents(words).then(
        (all) => here && setFound(all),
        () => here && setFound(null),
      );
    }, AFTER);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [words, open]);
  return found;
}
