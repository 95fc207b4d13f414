import { useVirtualizer } from "@tanstack/react-virtual";
import { format, parseISO } from "date-fns";
import { NotebookPen } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { visitPlace } from "../mail/load";
import { short } from "../mail/when";
import { NOWHERE } from "../place";
import { get as app, useApp } from "../store";
import { Editor } from "./Editor";
import { beginNotes, known, makeNote, say, shownOf, useNotes } from "./load";
import { Notebooks } from "./Notebooks";
import "./notes.css";
import type { Note, Notebook } from "./types";

export const ALL = "all";
const ROW = 76;

/** Goes to a notebook (or all), and in it to a note. */
export function visit(book: string, id?: string, replace = false): void {
  void visitPlace({ ...NOWHERE, room: "notes", path: id ? [book, id] : [book] }, replace);
}

/** Where a new note comes to: the notebook that is looked at, else one's own. */
function bookFor(at: string): Notebook | undefined {
  const { books } = known();
  const own = app().accounts.find((each) => each.own)?.id;
  return (
    books.find((each) => each.id === at && (each.myRights.mayWriteAll || each.myRights.mayWriteOwn)) ??
    books.find((each) => each.accountId === own && each.kind === "note" && each.isDefault)
  );
}

async function begin(at: string): Promise<void> {
  const book = bookFor(at);
  if (book) visit(at === book.id ? at : ALL, await makeNote(book));
}

/** Notebooks and journals, what is in them, and one note. */
export default function NotesRoom() {
  const { t } = useTranslation();
  const [book = ALL, id] = useApp((state) => state.place.path);
  useEffect(beginNotes, []);
  const note = useNotes((state) => state.notes[id ?? ""]);
  return (
    <>
      <nav className="side" aria-label={t("notes.books")}>
        <button type="button" className="main compose" onClick={() => void begin(book).catch(say)}>
          <NotebookPen />
          {t("notes.new")}
        </button>
        <Notebooks here={book} />
      </nav>
      <main className="stage notes" id="stage" tabIndex={-1} data-open={Boolean(note)}>
        <List book={book} id={id} />
        <section className="note-pane" aria-label={t("notes.one")}>
          {note ? <Editor key={note.id} note={note} book={book} /> : <p className="none">{t("notes.choose")}</p>}
        </section>
      </main>
    </>
  );
}

function List({ book, id }: { book: string; id: string | undefined }) {
  const { t } = useTranslation();
  const state = useNotes();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  const shown = useMemo(() => shownOf(state, book === ALL ? "" : book, wanted), [state, book, wanted]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  return (
    <section className="note-list" aria-label={t("notes.title")}>
      <div className="finder">
        <input
          type="search"
          aria-label={t("notes.search")}
          placeholder={t("notes.search")}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {!state.loading && !shown.length && <p className="none">{t(search ? "list.emptySearch" : "notes.none")}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <div className="scroll" ref={scroller} tabIndex={0} hidden={!shown.length}>
        <ul style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const each = shown[index] as Note;
            return (
              <li
                key={each.id}
                className={each.id === id ? "note-line shown" : "note-line"}
                style={{ transform: `translateY(${start}px)` }}
                aria-posinset={index + 1}
                aria-setsize={shown.length}
              >
                <a
                  href={`/mail/notes/${book}/${each.id}`}
                  aria-current={each.id === id || undefined}
                  onClick={(event) => {
                    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                    event.preventDefault();
                    visit(book, each.id, id !== undefined);
                  }}
                >
                  <span className="head">
                    <strong>{each.title || firstLine(each.text) || t("notes.untitled")}</strong>
                    <time>{whenOf(each)}</time>
                  </span>
                  <small>{each.text.replace(/\s+/g, " ").slice(0, 160)}</small>
                </a>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.slice(0, 80) ?? "";
}

function whenOf(note: Note): string {
  if (note.kind === "entry" && note.date) return format(parseISO(note.date), "PP");
  return note.updated ? short(note.updated) : "";
}
