import { ArrowLeft, Camera, Plus, Trash2, X } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";
import { useBack } from "../shell/Dialog";
import { useTyped } from "../shell/typed";
import { toast } from "../store";
import { changeCard, makeCard, photoFrom } from "./act";
import { freeKey, membersOf, nameOf } from "./card";
import { Face } from "./Face";
import { type Form, faultOf, formOf, NAMES, PLACES, type PostalRow, patchOf, type Row, type Use } from "./form";
import { openCard, useContacts } from "./load";
import type { Book, Card } from "./types";

interface Props {
  card: Card | null;
  group: boolean;
  book: Book | undefined;
  /** What was typed stays. */
  onBack: () => void;
  /** With the id of what is new. */
  onDone: (made: string | null) => void;
}

interface Typed {
  form: Form;
  members: Record<string, true>;
}

/** By what it is kept that was typed of one, or of a new contact or group. */
export function typedKey(card: Pick<Card, "id"> | null, group: boolean): string {
  return `contact.${card?.id ?? (group ? "group" : "new")}`;
}

/** A contact is written: a new one in a book, or one that is there. */
export function CardForm(props: Props) {
  const { card } = props;
  const whole = useContacts((state) => card === null || state.whole.has(card.id));
  useEffect(() => {
    if (card && !whole) openCard(card.id).catch((error: Error) => toast(error.message, { error: true }));
  }, [card, whole]);
  return whole ? <Sheet {...props} /> : null;
}

const EMPTY_PLACE: PostalRow = { key: "", street: "", postcode: "", locality: "", region: "", country: "", use: "" };
const MAIL_USES: Use[] = ["", "private", "work"];
const PHONE_USES: Use[] = ["", "mobile", "private", "work", "fax"];

function Sheet({ card, group, book, onBack, onDone }: Props) {
  const { t } = useTranslation();
  const [{ form, members }, setTyped, forget] = useTyped<Typed>(typedKey(card, group), () => {
    const made = formOf(card ?? {});
    if (!made.emails.length) made.emails = [{ key: "", value: "", use: "" }];
    if (!made.phones.length) made.phones = [{ key: "", value: "", use: "mobile" }];
    return { form: made, members: card?.members ?? {} };
  });
  const [photo, setPhoto] = useState<Record<string, unknown> | null | undefined>(undefined);
  const [preview, setPreview] = useState<string | null>(null);
  const [more, showMore] = useState(Boolean(card) && (Boolean(form.title) || Boolean(form.given2)));
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const put = (patch: Partial<Form>) => setTyped({ form: { ...form, ...patch }, members });
  useBack(card !== null, onBack);
  const done = (made: string | null) => {
    forget();
    onDone(made);
  };
  const field = (name: keyof Form, label: string, kind = "text") => (
    <label key={name}>
      {label}
      <input type={kind} value={form[name] as string} onChange={(event) => put({ [name]: event.target.value })} />
    </label>
  );

  async function save(event: FormEvent) {
    event.preventDefault();
    const fault = faultOf(form);
    if (fault) return setWrong(t(`contacts.fault.${fault}`));
    setBusy(true);
    try {
      const patch = patchOf(form, card ?? {});
      const media = { ...(card?.media ?? {}) };
      const old = Object.keys(media).find((key) => media[key]?.kind === "photo");
      if (photo !== undefined) {
        if (old) delete media[old];
        if (photo) media[old ?? freeKey(media)] = photo as unknown as (typeof media)[string];
        patch.media = Object.keys(media).length ? media : null;
      }
      if (group) {
        if (JSON.stringify(members) !== JSON.stringify(card?.members ?? {})) patch.members = members;
        if (!card) patch.kind = "group";
      }
      if (card) {
        await changeCard(card, patch);
        done(null);
      } else if (book) {
        for (const [name, value] of Object.entries(patch)) if (value === null) delete patch[name];
        done(await makeCard(book, patch));
      } else throw new Error(t("contacts.noBook"));
    } catch (error) {
      setWrong((error as Error).message);
      setBusy(false);
    }
  }

  async function choosePhoto(file: File | undefined) {
    if (!file || !book) return;
    try {
      setPhoto(await photoFrom(card?.accountId ?? book.accountId, file));
      setPreview(URL.createObjectURL(file));
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
  }

  const shown = { ...(card ?? { uid: "", id: "", accountId: "", addressBookIds: {} }), name: { full: form.given } };
  return (
    <form className="form card-form" onSubmit={save} aria-label={t(card ? "contacts.edit" : "contacts.new")}>
      <header className="form-head">
        <IconButton label={t("act.back")} className="back" onClick={onBack}>
          <ArrowLeft />
        </IconButton>
        <h2>{t(card ? "contacts.edit" : group ? "contacts.newGroup" : "contacts.new")}</h2>
      </header>
      <PhotoField
        face={
          preview ? (
            <img className="face large" src={preview} alt="" />
          ) : (
            <Face card={photo === null || !card ? { ...shown, media: {} } : card} large />
          )
        }
        removable={Boolean(preview) || (photo === undefined && Object.values(card?.media ?? {}).length > 0)}
        onFile={(file) => void choosePhoto(file)}
        onRemove={() => {
          setPhoto(null);
          setPreview(null);
        }}
      />
      {group ? (
        field("surname", t("contacts.groupName"))
      ) : (
        <>
          <div className="pair">
            {NAMES.filter((each) => more || each === "given" || each === "surname").map((each) =>
              field(each, t(each === "title" ? "contacts.prefix" : `contacts.${each}`)),
            )}
            {more && field("nickname", t("contacts.nickname"))}
          </div>
          {!more && (
            <button type="button" className="text start" onClick={() => showMore(true)}>
              {t("contacts.moreNames")}
            </button>
          )}
          <div className="pair">
            {field("organization", t("contacts.organization"))}
            {field("position", t("contacts.position"))}
          </div>
          <Rows
            label={t("contacts.email")}
            rows={form.emails}
            uses={MAIL_USES}
            kind="email"
            onChange={(emails) => put({ emails })}
          />
          <Rows
            label={t("contacts.phone")}
            rows={form.phones}
            uses={PHONE_USES}
            kind="tel"
            onChange={(phones) => put({ phones })}
          />
          <Places rows={form.addresses} onChange={(addresses) => put({ addresses })} />
          <Rows
            label={t("contacts.link")}
            rows={form.links}
            uses={MAIL_USES}
            kind="url"
            onChange={(links) => put({ links })}
          />
          <div className="pair">
            <label>
              {t("contacts.birthday")}
              <input
                value={form.birthday}
                placeholder={t("contacts.dayHint")}
                onChange={(event) => put({ birthday: event.target.value })}
              />
            </label>
            {field("keywords", t("contacts.keywordsHint"))}
          </div>
        </>
      )}
      {group && (
        <Members group={card} book={book} members={members} onChange={(all) => setTyped({ form, members: all })} />
      )}
      <label>
        {t("contacts.note")}
        <textarea rows={3} value={form.note} onChange={(event) => put({ note: event.target.value })} />
      </label>
      <p role="alert" className="wrong">
        {wrong}
      </p>
      <footer>
        <button type="button" onClick={() => done(null)}>
          {t("app.cancel")}
        </button>
        <button type="submit" className="main" disabled={busy}>
          {t("app.save")}
        </button>
      </footer>
    </form>
  );
}

interface PhotoProps {
  face: React.ReactNode;
  removable: boolean;
  onFile: (file: File | undefined) => void;
  onRemove: () => void;
}

function PhotoField({ face, removable, onFile, onRemove }: PhotoProps) {
  const { t } = useTranslation();
  const file = useRef<HTMLInputElement>(null);
  return (
    <div className="photo">
      {face}
      <input
        ref={file}
        type="file"
        accept="image/*"
        hidden
        aria-label={t("contacts.photo")}
        onChange={(event) => onFile(event.target.files?.[0])}
      />
      <button type="button" onClick={() => file.current?.click()}>
        <Camera />
        {t("contacts.photo")}
      </button>
      {removable && (
        <IconButton label={t("contacts.noPhoto")} onClick={onRemove}>
          <Trash2 />
        </IconButton>
      )}
    </div>
  );
}

interface RowsProps {
  label: string;
  rows: Row[];
  uses: Use[];
  kind: "email" | "tel" | "url";
  onChange: (rows: Row[]) => void;
}

function Rows({ label, rows, uses, kind, onChange }: RowsProps) {
  const { t } = useTranslation();
  return (
    <fieldset>
      <legend>{label}</legend>
      {rows.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows are what they are by their place
        <div className="line" key={at}>
          <input
            type={kind === "tel" ? "tel" : "text"}
            inputMode={kind}
            aria-label={label}
            value={each.value}
            onChange={(event) =>
              onChange(rows.map((one, n) => (n === at ? { ...one, value: event.target.value } : one)))
            }
          />
          <UseSelect
            label={label}
            uses={uses}
            value={each.use}
            onChange={(use) => onChange(rows.map((one, n) => (n === at ? { ...one, use } : one)))}
          />
          <IconButton
            label={t("compose.remove", { name: label })}
            onClick={() => onChange(rows.filter((_, n) => n !== at))}
          >
            <X />
          </IconButton>
        </div>
      ))}
      <button
        type="button"
        className="text"
        onClick={() => onChange([...rows, { key: "", value: "", use: uses[0] ?? "" }])}
      >
        <Plus />
        {t("contacts.add", { what: label })}
      </button>
    </fieldset>
  );
}

interface UseProps {
  label: string;
  uses: Use[];
  value: Use;
  onChange: (use: Use) => void;
}

function UseSelect({ label, uses, value, onChange }: UseProps) {
  const { t } = useTranslation();
  return (
    <select
      aria-label={t("contacts.useOf", { what: label })}
      value={value}
      onChange={(event) => onChange(event.target.value as Use)}
    >
      {uses.map((each) => (
        <option key={each} value={each}>
          {each ? t(`contacts.use.${each}`) : t("contacts.use.other")}
        </option>
      ))}
    </select>
  );
}

function Places({ rows, onChange }: { rows: PostalRow[]; onChange: (rows: PostalRow[]) => void }) {
  const { t } = useTranslation();
  const label = t("contacts.address");
  const put = (at: number, patch: Partial<PostalRow>) =>
    onChange(rows.map((one, n) => (n === at ? { ...one, ...patch } : one)));
  return (
    <fieldset>
      <legend>{label}</legend>
      {rows.map((each, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows are what they are by their place
        <div className="place" key={at}>
          {PLACES.map((name) => (
            <input
              key={name}
              className={name}
              aria-label={t(`contacts.${name}`)}
              placeholder={t(`contacts.${name}`)}
              value={each[name]}
              onChange={(event) => put(at, { [name]: event.target.value })}
            />
          ))}
          <UseSelect label={label} uses={MAIL_USES} value={each.use} onChange={(use) => put(at, { use })} />
          <IconButton
            label={t("compose.remove", { name: label })}
            onClick={() => onChange(rows.filter((_, n) => n !== at))}
          >
            <X />
          </IconButton>
        </div>
      ))}
      <button type="button" className="text" onClick={() => onChange([...rows, EMPTY_PLACE])}>
        <Plus />
        {t("contacts.add", { what: label })}
      </button>
    </fieldset>
  );
}

interface MembersProps {
  group: Card | null;
  book: Book | undefined;
  members: Record<string, true>;
  onChange: (members: Record<string, true>) => void;
}

function Members({ group, book, members, onChange }: MembersProps) {
  const { t } = useTranslation();
  const cards = useContacts((state) => state.cards);
  const accountId = group?.accountId ?? book?.accountId;
  const all = Object.values(cards).filter((each) => each.kind !== "group" && each.accountId === accountId);
  const there = membersOf({ ...(group ?? ({} as Card)), accountId: accountId ?? "", members }, all);
  const others = all.filter((each) => !there.includes(each)).sort((one, two) => nameOf(one).localeCompare(nameOf(two)));
  return (
    <fieldset>
      <legend>{t("contacts.group")}</legend>
      <ul className="member-list">
        {there.map((each) => (
          <li key={each.id}>
            <Face card={each} />
            <span className="grow">{nameOf(each)}</span>
            <IconButton
              label={t("compose.remove", { name: nameOf(each) })}
              onClick={() => {
                const { [each.uid]: _one, [`urn:uuid:${each.uid}`]: _other, ...rest } = members;
                onChange(rest);
              }}
            >
              <X />
            </IconButton>
          </li>
        ))}
      </ul>
      <select
        aria-label={t("contacts.addMember")}
        value=""
        onChange={(event) => onChange({ ...members, [event.target.value]: true })}
      >
        <option value="">{t("contacts.addMember")}</option>
        {others.map((each) => (
          <option key={each.id} value={each.uid}>
            {nameOf(each)}
          </option>
        ))}
      </select>
    </fieldset>
  );
}
