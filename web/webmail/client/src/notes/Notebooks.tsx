import { BookOpen, FolderPlus, Notebook as NotebookIcon, StickyNote } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { HolderActions } from "../shell/HolderActions";
import { TreeLine } from "../shell/TreeLine";
import { useApp } from "../store";
import { deleteBook, makeBook, renameBook, useNotes } from "./load";
import { ALL, visit } from "./NotesRoom";
import type { Kind, Notebook } from "./types";

const NameDialog = lazy(() => import("../shell/NameDialog"));

/** All notes, one's own notebooks and journals, and those of others. */
export function Notebooks({ here }: { here: string }) {
  const { t } = useTranslation();
  const accounts = useApp((state) => state.accounts);
  const books = useNotes((state) => state.books);
  const [making, make] = useState<Kind | null>(null);
  return (
    <div className="tree">
      <ul>
        <li>
          <Line at={ALL} here={here} icon={<StickyNote />} name={t("notes.all")} />
        </li>
      </ul>
      {accounts
        .filter((each) => books.some((one) => one.accountId === each.id))
        .map((each) => (
          <section key={each.id} aria-label={each.own ? t("notes.books") : each.name}>
            {!each.own && <h2>{each.name === "Public" ? t("tree.public") : each.name}</h2>}
            <ul>
              {books
                .filter((one) => one.accountId === each.id)
                .map((one) => (
                  <BookLine key={one.id} book={one} here={here} own={each.own} />
                ))}
            </ul>
          </section>
        ))}
      <div className="tools-list">
        <button type="button" className="text add" onClick={() => make("note")}>
          <FolderPlus />
          {t("notes.newBook")}
        </button>
        <button type="button" className="text add" onClick={() => make("entry")}>
          <FolderPlus />
          {t("notes.newJournal")}
        </button>
      </div>
      <Suspense>
        {making && (
          <NameDialog
            title={t(making === "note" ? "notes.newBook" : "notes.newJournal")}
            name=""
            onClose={() => make(null)}
            onName={(name) => makeBook(making, name)}
          />
        )}
      </Suspense>
    </div>
  );
}

interface LineProps {
  at: string;
  here: string;
  icon: ReactNode;
  name: string;
}

function Line({ at, here, icon, name }: LineProps) {
  return <TreeLine href={`/mail/notes/${at}`} here={at === here} icon={icon} name={name} go={() => visit(at)} />;
}

function BookLine({ book, here, own }: { book: Notebook; here: string; own: boolean }) {
  const { t } = useTranslation();
  const name = own && book.isDefault && book.name === "Notes" ? t("notes.mine") : folderName(book);
  const { mayAdmin, mayDelete } = book.myRights;
  const icon = book.kind === "note" ? <NotebookIcon aria-hidden="true" /> : <BookOpen aria-hidden="true" />;
  return (
    <li>
      <Line at={book.id} here={here} icon={icon} name={name} />
      <HolderActions
        accountId={book.accountId}
        id={book.id}
        name={book.name}
        shownAs={name}
        mayShare={mayAdmin}
        mayRename={mayDelete}
        mayDelete={mayDelete}
        ask={t("notes.deleteBook", { name })}
        rename={(next) => renameBook(book, next)}
        remove={async () => {
          await deleteBook(book);
          if (here === book.id) visit(ALL, undefined, true);
        }}
      />
    </li>
  );
}
