import { ArrowLeft, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { long } from "../mail/when";
import { IconButton } from "../shell/Button";
import { goBack, useApp } from "../store";
import { changeNote, deleteNote, say, useNotes } from "./load";
import { visit } from "./NotesRoom";
import type { Note } from "./types";

const SAVED_AFTER = 700;
type Fields = { title: string; text: string; date: string; words: string };

function fieldsOf(note: Note): Fields {
  const words = Object.keys(note.keywords ?? {}).join(", ");
  return { title: note.title, text: note.text, date: note.date ?? "", words };
}

/** What differs, as the note has it. */
function patchOf(note: Note, { title, text, date, words }: Fields): Partial<Note> {
  const was = fieldsOf(note);
  const keywords = Object.fromEntries(
    words
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean)
      .map((each) => [each, true as const]),
  );
  return {
    ...(title !== was.title && { title }),
    ...(text !== was.text && { text }),
    ...(date !== was.date && { date: date || undefined }),
    ...(words !== was.words && { keywords }),
  };
}

type Saving = "" | "changed" | "saving" | "saved" | "failed";
const SAID = {
  changed: "compose.saving",
  saving: "compose.saving",
  saved: "compose.saved",
  failed: "compose.failed",
};

/** What was typed into notes and is not on the server yet. */
const unsaved = new Map<string, Fields>();
addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});

/** A note, to be read and written; it saves itself. */
export function Editor({ note, book }: { note: Note; book: string }) {
  const { t } = useTranslation();
  const may = useNotes((state) => {
    const rights = state.books.find((each) => each.id === note.bookId)?.myRights;
    return Boolean(rights?.mayWriteAll || rights?.mayWriteOwn);
  });
  const [fields, setFields] = useState(() => unsaved.get(note.id) ?? fieldsOf(note));
  const [state, setState] = useState<Saving>(unsaved.has(note.id) ? "changed" : "");
  const there = useApp((now) => now.online && !now.signedOut);
  const latest = useRef({ note, fields });
  latest.current = { note, fields };

  async function save(): Promise<void> {
    const { note: now, fields: typed } = latest.current;
    const patch = patchOf(now, typed);
    if (!Object.keys(patch).length) {
      unsaved.delete(now.id);
      return setState((was) => (was === "changed" ? "saved" : was));
    }
    setState("saving");
    unsaved.set(now.id, typed);
    try {
      await changeNote(now, patch);
      if (unsaved.get(now.id) === typed) unsaved.delete(now.id);
      setState((was) => (was === "saving" ? "saved" : was));
    } catch (error) {
      setState((was) => (was === "saving" ? "failed" : was));
      say(error);
    }
  }
  const saving = useRef(save);
  saving.current = save;

  // biome-ignore lint/correctness/useExhaustiveDependencies: each change begins the wait anew
  useEffect(() => {
    if (state !== "changed") return;
    const timer = setTimeout(() => void saving.current(), SAVED_AFTER);
    return () => clearTimeout(timer);
  }, [fields, state]);
  useEffect(() => {
    if (there) setState((was) => (was === "failed" ? "changed" : was));
  }, [there]);
  // What somebody else has changed is shown, unless something is typed here.
  useEffect(() => {
    setState((was) => {
      if (was === "" || was === "saved") setFields(fieldsOf(note));
      return was;
    });
  }, [note]);
  // A phone may end a page that nobody looks at without a word.
  useEffect(() => {
    const hide = () => void (document.hidden && saving.current());
    document.addEventListener("visibilitychange", hide);
    return () => {
      document.removeEventListener("visibilitychange", hide);
      void saving.current();
    };
  }, []);

  const put = (patch: Partial<Fields>) => {
    const typed = { ...fields, ...patch };
    unsaved.set(note.id, typed);
    setFields(typed);
    setState("changed");
  };
  return (
    <article className="note-edit">
      <div className="bar">
        <IconButton label={t("act.back")} className="back" onClick={() => goBack({ path: [book] })}>
          <ArrowLeft />
        </IconButton>
        <small className="grow" role="status">
          {state ? t(SAID[state]) : note.updated && t("notes.changed", { when: long(note.updated) })}
        </small>
        {may && (
          <IconButton
            label={t("act.delete")}
            onClick={() => {
              unsaved.delete(note.id);
              deleteNote(note);
              visit(book, undefined, true);
            }}
          >
            <Trash2 />
          </IconButton>
        )}
      </div>
      <div className="page">
        {note.kind === "entry" && (
          <input
            type="date"
            className="day"
            aria-label={t("notes.day")}
            readOnly={!may}
            value={fields.date}
            onChange={(event) => put({ date: event.target.value })}
          />
        )}
        <input
          className="heading"
          aria-label={t("notes.heading")}
          placeholder={t("notes.heading")}
          readOnly={!may}
          maxLength={500}
          // biome-ignore lint/a11y/noAutofocus: a new note begins with what it is called
          autoFocus={may && !note.title && !note.text}
          value={fields.title}
          onChange={(event) => put({ title: event.target.value.replace(/[\r\n]+/g, " ") })}
        />
        <textarea
          aria-label={t("notes.text")}
          placeholder={t("notes.text")}
          readOnly={!may}
          value={fields.text}
          onChange={(event) => put({ text: event.target.value })}
        />
        <input
          className="words"
          aria-label={t("contacts.keywordsHint")}
          placeholder={t("contacts.keywordsHint")}
          readOnly={!may}
          value={fields.words}
          onChange={(event) => put({ words: event.target.value })}
        />
      </div>
    </article>
  );
}
