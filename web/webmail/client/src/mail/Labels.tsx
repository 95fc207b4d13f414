import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Email, Label } from "../jmap/types";
import { NOWHERE } from "../place";
import { TreeLine } from "../shell/TreeLine";
import { get, useApp } from "../store";
import { labelName, labelsOf, setLabel } from "./labels";
import { visitPlace } from "./load";

const MOST_IN_LINE = 3;

/** The labels of an email: in a line of the list as many as have room, where it is read each with a way to take it off. */
export function Labels({ email, whole = false }: { email: Email; whole?: boolean }) {
  const { t } = useTranslation();
  const labels = useApp((state) => state.labels);
  const found = labelsOf(email, labels);
  if (!found.length) return null;
  if (!whole)
    return (
      <span className="labels">
        {found.slice(0, MOST_IN_LINE).map((each) => (
          <span className={`label ${each.color}`} key={each.keyword} title={labelName(each)}>
            {labelName(each)}
          </span>
        ))}
        {found.length > MOST_IN_LINE && <span className="label grey">+{found.length - MOST_IN_LINE}</span>}
      </span>
    );
  return (
    <ul className="labels whole" aria-label={t("label.title")}>
      {found.map((each) => (
        <li className={`label ${each.color}`} key={each.keyword}>
          {labelName(each)}
          <button
            type="button"
            aria-label={t("label.remove", { name: labelName(each) })}
            title={t("label.remove", { name: labelName(each) })}
            onClick={() => void setLabel([email.id], each, false)}
          >
            <X />
          </button>
        </li>
      ))}
    </ul>
  );
}

export function searchOf(label: Label): string {
  const name = labelName(label);
  return /\s/.test(name) ? `label:"${name}"` : `label:${name}`;
}

/** The labels beside the folders: each shows what has it, wherever that is. */
export function LabelTree() {
  const { t } = useTranslation();
  const labels = useApp((state) => state.labels).filter((each) => !each.isHidden);
  const search = useApp((state) => state.place.search);
  const go = (each: Label) => {
    const accountId = get().accounts.find((one) => one.own)?.id ?? null;
    void visitPlace({ ...NOWHERE, accountId, search: searchOf(each) }, false);
  };
  if (!labels.length) return null;
  return (
    <section className="tree label-tree" aria-label={t("label.title")}>
      <h2>{t("label.title")}</h2>
      <ul>
        {labels.map((each) => (
          <li key={each.id}>
            <TreeLine
              href={`/mail/${encodeURIComponent(get().accounts[0]?.id ?? "")}/search/${encodeURIComponent(searchOf(each))}`}
              here={search === searchOf(each)}
              icon={<span className={`dot ${each.color}`} aria-hidden="true" />}
              name={labelName(each)}
              go={() => go(each)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
