import { Mail, UserPlus } from "lucide-react";
import { useDeferredValue, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { begin } from "../compose/draft";
import { others, type Principal, photosLike } from "../jmap/principals";
import { PrincipalIcon } from "../sharing/PeopleField";
import { IconButton } from "../shell/Button";
import { toast } from "../store";
import { bookFor, makeCard } from "./act";
import { formOf, patchOf } from "./form";
import { useContacts } from "./load";

const MOST = 200;

/** Who there is here: accounts, groups and resources, to write to and to take over. */
export function Directory() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  const [found, setFound] = useState<Principal[] | null>(null);
  const [photos, setPhotos] = useState<Record<string, string>>({});
  const cards = useContacts((state) => state.cards);
  const known = new Set(
    Object.values(cards).flatMap((each) => Object.values(each.emails ?? {}).map((one) => one.address.toLowerCase())),
  );
  useEffect(() => {
    let stale = false;
    others(wanted.trim(), MOST).then(
      (all) => stale || setFound(all.filter((each) => each.email)),
      (error: Error) => toast(error.message, { error: true }),
    );
    photosLike(wanted.trim(), MOST).then(
      (all) => stale || setPhotos(all),
      () => {}, // it goes without pictures
    );
    return () => {
      stale = true;
    };
  }, [wanted]);

  async function take({ name, email }: Principal) {
    const book = bookFor("");
    const words = (name === email ? (email?.split("@")[0] ?? "") : name).split(/\s+/);
    const form = { ...formOf({}), given: words.slice(0, -1).join(" "), surname: words.at(-1) ?? "" };
    form.emails = [{ key: "", value: email ?? "", use: "" }];
    try {
      if (!book) throw new Error(t("contacts.noBook"));
      await makeCard(book, patchOf(form, {}));
      toast(t("contacts.taken", { name }));
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
  }

  return (
    <section className="directory" aria-label={t("contacts.directory")}>
      <div className="finder">
        <input
          type="search"
          aria-label={t("contacts.search")}
          placeholder={t("contacts.search")}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {found && !found.length && <p className="none">{t("list.emptySearch")}</p>}
      <ul>
        {(found ?? []).map((each) => (
          <li key={each.id}>
            {photos[each.email ?? ""] ? (
              <img className="face" src={photos[each.email ?? ""]} alt="" />
            ) : (
              <PrincipalIcon type={each.type} />
            )}
            <span className="grow">
              <strong>{each.name}</strong> {each.email !== each.name && <small>{each.email}</small>}
            </span>
            {!known.has((each.email ?? "").toLowerCase()) && (
              <IconButton label={t("contacts.take", { name: each.name })} onClick={() => void take(each)}>
                <UserPlus />
              </IconButton>
            )}
            <IconButton
              label={`${t("contacts.write")}: ${each.name}`}
              onClick={() =>
                begin({ to: [{ name: each.name === each.email ? null : each.name, email: each.email ?? "" }] })
              }
            >
              <Mail />
            </IconButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
