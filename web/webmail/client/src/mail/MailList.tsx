import { useVirtualizer } from "@tanstack/react-virtual";
import { History } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { rowHeight } from "../prefs";
import { type State, set, useApp } from "../store";
import { ListBar } from "./ListBar";
import { loadWindow, openList } from "./lists";
import { Bone, Row } from "./Row";

const RemovedDialog = lazy(() => import("./RemovedDialog"));
const BONES = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** The messages of a folder or a search; of 100,000 lines only those that are seen are there. */
export function MailList() {
  const { t } = useTranslation();
  const list = useApp((state) => state.list);
  const cursor = useApp((state) => state.cursor);
  const shown = useApp((state) => state.place.emailId);
  const selected = useApp((state) => state.selected);
  const scroller = useRef<HTMLDivElement>(null);
  const total = list?.total ?? null;
  const height = rowHeight(); // once, and not for each line: it is read from what the device keeps
  const virtual = useVirtualizer({
    count: total ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;

  useEffect(() => {
    if (total === null) return;
    void loadWindow(first);
    void loadWindow(last);
  }, [first, last, total]);
  useEffect(() => {
    if (cursor < (total ?? 0)) virtual.scrollToIndex(cursor, { align: "auto" });
  }, [cursor, total, virtual]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins at its top
  useEffect(() => {
    void scroller.current?.scrollTo({ top: 0 });
  }, [list?.place]);

  return (
    <section className="list" aria-label={t("list.label")} id="list">
      <ListBar />
      <Recover />
      {list?.failed ? (
        <div className="none" role="alert">
          <p>{list.failed}</p>
          <button type="button" onClick={() => openList(list.place, list.only)}>
            {t("list.retry")}
          </button>
        </div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        <div className="scroll" ref={scroller} tabIndex={0}>
          {total === null && BONES.map((at) => <Bone key={at} top={at * height} />)}
          {total === 0 && (
            <p className="none">{t(list?.place.search !== null || list.only ? "list.emptySearch" : "list.empty")}</p>
          )}
          {total !== null && total > 0 && (
            <ul style={{ height: virtual.getTotalSize() }}>
              {items.map(({ index, start }) => {
                const id = list?.ids[index];
                return id === undefined ? (
                  <Bone key={`at${index}`} top={start} />
                ) : (
                  <Row
                    key={id}
                    id={id}
                    top={start}
                    index={index}
                    total={total}
                    shown={shown === id}
                    at={cursor === index}
                    selected={selected.has(id)}
                  />
                );
              })}
            </ul>
          )}
        </div>
      )}
    </section>
  );
}

/** Above what was thrown away: a way to what is not even there any more. */
function Recover() {
  const { t } = useTranslation();
  const accountId = useApp(({ place, mailboxes }) => {
    const here = mailboxes[place.accountId ?? ""]?.find((each) => each.id === place.mailboxId);
    return place.search === null && here?.role === "trash" && here.myRights.mayShare ? here.accountId : null;
  });
  const online = useApp((state) => state.online);
  const [open, setOpen] = useState(false);
  if (!accountId || !online) return null;
  return (
    <div className="strip">
      <button type="button" className="text" onClick={() => setOpen(true)}>
        <History />
        {t("removed.open")}
      </button>
      <Suspense>{open && <RemovedDialog accountId={accountId} onClose={() => setOpen(false)} />}</Suspense>
    </div>
  );
}

/** The name of what the list shows. */
export function useTitle(): string {
  const { t } = useTranslation();
  return useApp((state: State) => {
    const { place, mailboxes } = state;
    if (place.search !== null) return t("search.results");
    const folder = mailboxes[place.accountId ?? ""]?.find((each) => each.id === place.mailboxId);
    return folder ? folderName(folder) : "";
  });
}

export function clearSelection(): void {
  set({ selected: new Set() });
}
