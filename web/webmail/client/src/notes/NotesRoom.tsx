import { format, parseISO } from "date-fns";
import { NotebookPen } from "lucide-react";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { visitPlace } from "../mail/load";
import { short } from "../mail/when";
import { NOWHERE } from "../place";
import { FinderList } from "../shell/FinderList";
import { type Key, stepKeys, useKeys } from "../shell/keys";
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

const KEYS: Key[] = [
  ...stepKeys("li.note-line > a"),
  { keys: "/", says: "keys.search", act: () => document.querySelector<HTMLInputElement>("#note-search")?.focus() },
  { keys: "c", says: "notes.new", act: () => void begin(app().place.path[0] ?? ALL).catch(say) },
];

/** Notebooks and journals, what is in them, and one note. */
export default function NotesRoom() {
  const { t } = useTranslation();
  const [book = ALL, id] = useApp((state) => state.place.path);
  const ready = useApp((state) => state.ready);
  useEffect(() => {
    if (ready) beginNotes();
  }, [ready]);
  useKeys(KEYS);
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
      {!note && (
        <button
          type="button"
          className="main fab"
          aria-label={t("notes.new")}
          onClick={() => void begin(book).catch(say)}
        >
          <NotebookPen />
        </button>
      )}
    </>
  );
}

function List({ book, id }: { book: string; id: string | undefined }) {
  const { t } = useTranslation();
  const state = useNotes();
  const at = book === ALL ? "" : book;
  const find = useCallback((wanted: string) => shownOf(state, at, wanted), [state, at]);
  return (
    <FinderList<Note>
      label={t("notes.title")}
      className="note-list"
      search={t("notes.search")}
      searchId="note-search"
      find={find}
      none={t("notes.none")}
      loading={state.loading ? <Bones /> : null}
      row={ROW}
      lineName="note-line"
      id={id}
      hrefOf={(each) => `/mail/notes/${book}/${each.id}`}
      go={(each) => visit(book, each.id, id !== undefined)}
    >
      {(each) => (
        <>
          <span className="head">
            <strong>{each.title || firstLine(each.text) || t("notes.untitled")}</strong>
            <time>{whenOf(each)}</time>
          </span>
          <small>{each.text.replace(/\s+/g, " ").slice(0, 160)}</small>
        </>
      )}
    </FinderList>
  );
}

function Bones() {
  return (
    <div aria-hidden="true">
      {[58, 44, 66].map((width) => (
        <span className="bone" key={width} style={{ width: `${width}%`, margin: "18px 16px" }} />
      ))}
    </div>
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.slice(0, 80) ?? "";
}

function whenOf(note: Note): string {
  if (note.kind === "entry" && note.date) return format(parseISO(note.date), "PP");
  return note.updated ? short(note.updated) : "";
}
