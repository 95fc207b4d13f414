import * as Menu from "@radix-ui/react-dropdown-menu";
import { ArrowLeft, Mail, MoreHorizontal, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { begin } from "../compose/draft";
import { IconButton } from "../shell/Button";
import { toast, useApp } from "../store";
import { deleteCards, mayChange } from "./act";
import { dayInWords, emailsOf, linesOf, membersOf, nameOf, organizationOf, phonesOf, recipientsOf } from "./card";
import { Face } from "./Face";
import { saveVCards } from "./files";
import { openCard, useContacts } from "./load";
import type { Card } from "./types";

interface Props {
  card: Card;
  onBack: () => void;
  onEdit: () => void;
  onGone: () => void;
}

const webOnly = (uri: string) => (/^https?:\/\//i.test(uri) ? uri : undefined);

/** One contact, to be read. */
export function CardView({ card, onBack, onEdit, onGone }: Props) {
  const { t } = useTranslation();
  const whole = useContacts((state) => state.whole.has(card.id));
  const online = useApp((state) => state.online);
  const cards = useContacts((state) => state.cards);
  const may = useContacts((state) => state.books.length > 0) && mayChange(card);
  useEffect(() => {
    if (!whole && online) openCard(card.id).catch((error: Error) => toast(error.message, { error: true }));
  }, [card.id, whole, online]);
  const name = nameOf(card) || t("contacts.nameless");
  const all = Object.values(cards);
  const to = recipientsOf(card, all);
  const position = Object.values(card.titles ?? {})[0]?.name;
  return (
    <article className="card-view">
      <div className="bar">
        <IconButton label={t("act.back")} className="back" onClick={onBack}>
          <ArrowLeft />
        </IconButton>
        <span className="grow" />
        {to.length > 0 && (
          <button type="button" onClick={() => begin({ to })}>
            <Mail />
            {t("contacts.write")}
          </button>
        )}
        {may && (
          <IconButton label={t("contacts.edit")} onClick={onEdit}>
            <Pencil />
          </IconButton>
        )}
        {may && (
          <IconButton
            label={t("act.delete")}
            onClick={() => {
              deleteCards([card]);
              onGone();
            }}
          >
            <Trash2 />
          </IconButton>
        )}
        <Menu.Root>
          <Menu.Trigger asChild>
            <IconButton label={t("act.more")}>
              <MoreHorizontal />
            </IconButton>
          </Menu.Trigger>
          <Menu.Portal>
            <Menu.Content className="menu" align="end">
              <Menu.Item onSelect={() => void saveVCards([card], `${name}.vcf`)}>{t("contacts.download")}</Menu.Item>
            </Menu.Content>
          </Menu.Portal>
        </Menu.Root>
      </div>
      <header>
        <Face card={card} large />
        <div>
          <h2>{name}</h2>
          <p>{[position, organizationOf(card)].filter(Boolean).join(" · ")}</p>
        </div>
      </header>
      <dl>
        {emailsOf(card).map((each) => (
          <Fact key={each.address} name={t("contacts.email")} use={each}>
            <button type="button" className="text" onClick={() => begin({ to: [{ name, email: each.address }] })}>
              {each.address}
            </button>
          </Fact>
        ))}
        {phonesOf(card).map((each) => (
          <Fact key={each.number} name={t("contacts.phone")} use={each}>
            <a href={`tel:${each.number.replace(/^tel:/, "").replace(/[^+0-9*#]/g, "")}`}>
              {each.number.replace(/^tel:/, "")}
            </a>
          </Fact>
        ))}
        {Object.entries(card.addresses ?? {}).map(([key, each]) => (
          <Fact key={key} name={t("contacts.address")} use={each}>
            <span className="lines">{linesOf(each).join("\n")}</span>
          </Fact>
        ))}
        {Object.entries(card.links ?? {}).map(([key, each]) => (
          <Fact key={key} name={t("contacts.link")} use={each}>
            <a href={webOnly(each.uri)} target="_blank" rel="noopener noreferrer">
              {each.uri}
            </a>
          </Fact>
        ))}
        {Object.entries(card.anniversaries ?? {}).map(([key, each]) => (
          <Fact key={key} name={t(each.kind === "birth" ? "contacts.birthday" : "contacts.anniversary")} use={{}}>
            {dayInWords(each.date)}
          </Fact>
        ))}
        {card.kind === "group" && (
          <Fact name={t("contacts.group")} use={{}}>
            <ul className="member-list">
              {membersOf(card, all).map((each) => (
                <li key={each.id}>
                  <Face card={each} /> {nameOf(each)}
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {Object.keys(card.keywords ?? {}).length > 0 && (
          <Fact name={t("contacts.keywords")} use={{}}>
            <span className="tags">
              {Object.keys(card.keywords ?? {}).map((each) => (
                <span key={each}>{each}</span>
              ))}
            </span>
          </Fact>
        )}
        {Object.entries(card.notes ?? {}).map(([key, each]) => (
          <Fact key={key} name={t("contacts.note")} use={{}}>
            <span className="lines">{each.note}</span>
          </Fact>
        ))}
      </dl>
    </article>
  );
}

interface Use {
  contexts?: Record<string, true>;
  features?: Record<string, true>;
  label?: string;
}

function Fact({ name, use, children }: { name: string; use: Use; children: ReactNode }) {
  const { t } = useTranslation();
  const uses = [
    ...Object.keys(use.contexts ?? {}),
    ...Object.keys(use.features ?? {}).filter((each) => each === "mobile" || each === "fax"),
  ].map((each) => t(`contacts.use.${each}`, { defaultValue: each }));
  return (
    <div>
      <dt>
        {name} {(use.label || uses.length > 0) && <small>{use.label || uses.join(", ")}</small>}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
