import { t as say } from "i18next";
import { UserPlus } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { visitPlace } from "../mail/load";
import { NOWHERE } from "../place";
import { FinderList } from "../shell/FinderList";
import { type Key, stepKeys, useKeys } from "../shell/keys";
import { hasTyped } from "../shell/typed";
import { goBack, useApp } from "../store";
import { bookFor } from "./act";
import { Books } from "./Books";
import { CardForm, typedKey } from "./CardForm";
import { CardView } from "./CardView";
import { emailsOf, nameOf, organizationOf } from "./card";
import "./contacts.css";
import { Directory } from "./Directory";
import { Face } from "./Face";
import { beginContacts, shownOf, useContacts } from "./load";
import type { Card } from "./types";

export const ALL = "all";
export const DIRECTORY = "directory";
const NEW = "new";
export const GROUP = "group";
const ROW = 56;

/** Goes to a book (or all), and in it to a contact. */
export function visit(book: string, id?: string, replace = false): void {
  void visitPlace({ ...NOWHERE, room: "contacts", path: id ? [book, id] : [book] }, replace);
}

const KEYS: Key[] = [
  ...stepKeys("li.person > a"),
  {
    keys: "/",
    says: "keys.search",
    act: () => document.querySelector<HTMLInputElement>("#contact-search")?.focus(),
  },
  { keys: "c", says: "contacts.new", act: () => visit(ALL, NEW) },
];

/** Address books, the contacts in them, and one of these. */
export default function ContactsRoom() {
  const { t } = useTranslation();
  const [book = ALL, id] = useApp((state) => state.place.path);
  const ready = useApp((state) => state.ready);
  useEffect(() => {
    if (ready) beginContacts();
  }, [ready]);
  useKeys(KEYS);
  const card = useContacts((state) => state.cards[id ?? ""]);
  useContacts((state) => state.books); // where a new one goes to is known once they are
  const making = id === NEW || id === GROUP;
  const [editing, edit] = useState(() => (id && hasTyped(typedKey({ id }, false)) ? id : null));
  return (
    <>
      <nav className="side" aria-label={t("contacts.books")}>
        <button type="button" className="main compose" onClick={() => visit(book, NEW)}>
          <UserPlus />
          {t("contacts.new")}
        </button>
        <Books here={book} />
      </nav>
      <main className="stage contacts" id="stage" tabIndex={-1} data-open={Boolean(card) || making}>
        {book === DIRECTORY ? (
          <Directory />
        ) : (
          <>
            <List book={book} id={id} />
            <section className="one" aria-label={t("contacts.one")}>
              {making ? (
                <CardForm
                  key={id}
                  card={null}
                  group={id === GROUP}
                  book={bookFor(book)}
                  onBack={() => goBack({ path: [book] })}
                  onDone={(made) => visit(book, made ?? undefined, true)}
                />
              ) : card && editing === card.id ? (
                <CardForm
                  key={card.id}
                  card={card}
                  group={card.kind === "group"}
                  book={bookFor(Object.keys(card.addressBookIds)[0] ?? "")}
                  onBack={() => edit(null)}
                  onDone={() => edit(null)}
                />
              ) : card ? (
                <CardView
                  key={card.id}
                  card={card}
                  onBack={() => goBack({ path: [book] })}
                  onEdit={() => edit(card.id)}
                  onGone={() => visit(book, undefined, true)}
                />
              ) : (
                <p className="none">{t("contacts.choose")}</p>
              )}
            </section>
          </>
        )}
      </main>
      {!card && !making && (
        <button type="button" className="main fab" aria-label={t("contacts.new")} onClick={() => visit(ALL, NEW)}>
          <UserPlus />
        </button>
      )}
    </>
  );
}

function List({ book, id }: { book: string; id: string | undefined }) {
  const { t } = useTranslation();
  const state = useContacts();
  const at = book === ALL ? "" : book;
  const find = useCallback((wanted: string) => shownOf(state, at, wanted), [state, at]);
  return (
    <FinderList<Card>
      label={t("contacts.title")}
      className="people-list"
      search={t("contacts.search")}
      searchId="contact-search"
      find={find}
      none={t("contacts.none")}
      loading={state.loading ? <Bones /> : null}
      count={(count) => t("contacts.count", { count })}
      row={ROW}
      lineName="person"
      id={id}
      hrefOf={(each) => `/mail/contacts/${book}/${each.id}`}
      go={(each) => visit(book, each.id, id !== undefined)}
    >
      {(each) => (
        <>
          <Face card={each} />
          <span className="words">
            <strong>{nameOf(each) || t("contacts.nameless")}</strong>
            <small>{about(each)}</small>
          </span>
        </>
      )}
    </FinderList>
  );
}

function about(card: Card): string {
  if (card.kind === "group") return say("contacts.members", { count: Object.keys(card.members ?? {}).length });
  return emailsOf(card)[0]?.address ?? organizationOf(card) ?? Object.values(card.phones ?? {})[0]?.number ?? "";
}

function Bones() {
  return (
    <div aria-hidden="true">
      {[0, 1, 2, 3, 4, 5, 6].map((at) => (
        <div className="person-bone" key={at}>
          <span className="face" />
          <span className="bone" style={{ width: `${62 - at * 4}%` }} />
        </div>
      ))}
    </div>
  );
}
