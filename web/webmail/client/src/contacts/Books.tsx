import { BookUser, Building2, Copy, FileDown, FileUp, FolderPlus, Users } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { HolderActions } from "../shell/HolderActions";
import { TreeLine } from "../shell/TreeLine";
import { useApp } from "../store";
import { deleteBook, makeBook, renameBook } from "./act";
import { ALL, DIRECTORY, GROUP, visit } from "./ContactsRoom";
import { useContacts } from "./load";
import type { Book } from "./types";

const ImportDialog = lazy(() => import("./ImportDialog"));
const ExportDialog = lazy(() => import("./ExportDialog"));
const MergeDialog = lazy(() => import("./MergeDialog"));
const NameDialog = lazy(() => import("../shell/NameDialog"));

type Shown = "import" | "export" | "merge" | "create" | null;

/** All contacts, one's own books, those of others, and who there is. */
export function Books({ here }: { here: string }) {
  const { t } = useTranslation();
  const accounts = useApp((state) => state.accounts);
  const books = useContacts((state) => state.books);
  const [shown, show] = useState<Shown>(null);
  const close = () => show(null);
  return (
    <div className="tree">
      <ul>
        <Line at={ALL} here={here} icon={<Users />} name={t("contacts.all")} />
        {books
          .filter((each) => accounts.find((one) => one.id === each.accountId)?.own)
          .map((each) => (
            <BookLine key={each.id} book={each} here={here} own />
          ))}
      </ul>
      <button type="button" className="text add" onClick={() => show("create")}>
        <FolderPlus />
        {t("contacts.newBook")}
      </button>
      {accounts
        .filter((each) => !each.own && books.some((one) => one.accountId === each.id))
        .map((each) => (
          <section key={each.id} aria-label={each.name}>
            <h2>{each.name === "Public" ? t("tree.public") : each.name}</h2>
            <ul>
              {books
                .filter((one) => one.accountId === each.id)
                .map((one) => (
                  <BookLine key={one.id} book={one} here={here} own={false} />
                ))}
            </ul>
          </section>
        ))}
      <h2>{t("contacts.more")}</h2>
      <ul>
        <Line at={DIRECTORY} here={here} icon={<Building2 />} name={t("contacts.directory")} />
      </ul>
      <div className="tools-list">
        <button type="button" className="text add" onClick={() => visit(here === DIRECTORY ? ALL : here, GROUP)}>
          <Users />
          {t("contacts.newGroup")}
        </button>
        <button type="button" className="text add" onClick={() => show("import")}>
          <FileUp />
          {t("contacts.import")}
        </button>
        <button type="button" className="text add" onClick={() => show("export")}>
          <FileDown />
          {t("contacts.export")}
        </button>
        <button type="button" className="text add" onClick={() => show("merge")}>
          <Copy />
          {t("contacts.duplicates")}
        </button>
      </div>
      <Suspense>
        {shown === "import" && <ImportDialog at={here} onClose={close} />}
        {shown === "export" && <ExportDialog at={here} onClose={close} />}
        {shown === "merge" && <MergeDialog onClose={close} />}
        {shown === "create" && (
          <NameDialog title={t("contacts.newBook")} name="" onClose={close} onName={(name) => makeBook(name)} />
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
  return (
    <li>
      <TreeLine href={`/mail/contacts/${at}`} here={at === here} icon={icon} name={name} go={() => visit(at)} />
    </li>
  );
}

function BookLine({ book, here, own }: { book: Book; here: string; own: boolean }) {
  const { t } = useTranslation();
  const name = own && book.isDefault && book.name === "Contacts" ? t("contacts.mine") : folderName(book);
  const { mayShare, mayDelete } = book.myRights;
  return (
    <li>
      <TreeLine
        href={`/mail/contacts/${book.id}`}
        here={book.id === here}
        icon={<BookUser aria-hidden="true" />}
        name={name}
        go={() => visit(book.id)}
      />
      <HolderActions
        accountId={book.accountId}
        id={book.id}
        name={book.name}
        shownAs={name}
        mayShare={mayShare}
        mayRename={mayDelete}
        mayDelete={mayDelete}
        ask={t("contacts.deleteBook", { name })}
        rename={(next) => renameBook(book, next)}
        remove={async () => {
          await deleteBook(book);
          if (here === book.id) visit(ALL, undefined, true);
        }}
      />
    </li>
  );
}
