import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

interface Props<T> {
  label: string;
  className: string;
  /** What the search field is called, and its id where a key goes there. */
  search: string;
  searchId?: string;
  /** What is there, of what is sought. Another function when there may be something else. */
  find: (wanted: string) => T[];
  /** What is said when there is nothing at all. */
  none: string;
  /** What stands there until it is known what there is; null: it is known. */
  loading: ReactNode;
  /** How many there are, in words. */
  count?: (shown: number) => string;
  /** Pixels of a line, and what it is called in styles. */
  row: number;
  lineName: string;
  /** The one that is open. */
  id: string | undefined;
  hrefOf: (each: T) => string;
  go: (each: T) => void;
  children: (each: T) => ReactNode;
}

/** The arrows go from the search to what it has found, and from line to line. */
function step(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("input, li > a")];
  const next = all[all.indexOf(document.activeElement as HTMLElement) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** The list of a room that is searched while one types; of any length only the lines that are seen are there. */
export function FinderList<T extends { id: string }>(props: Props<T>) {
  const { t } = useTranslation();
  const { find, loading, id, lineName } = props;
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => find(wanted), [find, wanted]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => props.row,
    overscan: 8,
  });
  return (
    <section className={props.className} aria-label={props.label} onKeyDown={step}>
      <div className="finder">
        <input
          id={props.searchId}
          type="search"
          aria-label={props.search}
          placeholder={props.search}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        {props.count && <small aria-live="polite">{loading ? "" : props.count(shown.length)}</small>}
      </div>
      {loading}
      {!loading && !shown.length && <p className="none">{search ? t("list.emptySearch") : props.none}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <div className="scroll" ref={scroller} tabIndex={0} hidden={Boolean(loading) || !shown.length}>
        <ul style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const each = shown[index] as T;
            return (
              <li
                key={each.id}
                className={each.id === id ? `${lineName} shown` : lineName}
                style={{ transform: `translateY(${start}px)` }}
                aria-posinset={index + 1}
                aria-setsize={shown.length}
              >
                <a
                  href={props.hrefOf(each)}
                  aria-current={each.id === id || undefined}
                  onClick={(event) => {
                    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                    event.preventDefault();
                    props.go(each);
                  }}
                >
                  {props.children(each)}
                </a>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
