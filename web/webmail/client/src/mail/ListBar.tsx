import * as Menu from "@radix-ui/react-dropdown-menu";
import { Check, CheckCheck, ListFilter, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";
import { get, type Only, set, useApp } from "../store";
import { Actions } from "./Actions";
import { openList } from "./lists";
import { clearSelection, useTitle } from "./MailList";
import { count } from "./when";

function selectShown(): void {
  const ids = get().list?.ids.filter((each): each is string => each !== undefined) ?? [];
  set({ selected: new Set(ids) });
}

/** What is shown, or what may be done with what is selected. */
export function ListBar() {
  const { t } = useTranslation();
  const title = useTitle();
  const selected = useApp((state) => state.selected);
  const total = useApp((state) => state.list?.total ?? null);
  if (selected.size)
    return (
      <div className="bar" role="toolbar" aria-label={t("list.selected", { count: selected.size })}>
        <IconButton label={t("list.clear")} keys="u" onClick={clearSelection}>
          <X />
        </IconButton>
        <strong className="grow" title={t("list.selected", { count: selected.size })}>
          <span className="unseen">{t("list.selected", { count: selected.size })}</span>
          <span aria-hidden="true">{selected.size}</span>
        </strong>
        <Actions ids={[...selected]} />
      </div>
    );
  return (
    <div className="bar">
      <h1 className="grow">
        {title} {total !== null && <small>{count(total)}</small>}
      </h1>
      <Filter />
      {total !== null && total > 0 && (
        <IconButton label={t("list.all")} onClick={selectShown}>
          <CheckCheck />
        </IconButton>
      )}
    </div>
  );
}

const ONLY: Only[] = ["unread", "flagged", "attachment"];

/** What alone the folder is to show. */
function Filter() {
  const { t } = useTranslation();
  const list = useApp((state) => state.list);
  if (!list || list.place.search !== null) return null;
  const label = list.only ? t("list.filtered", { what: t(`list.only.${list.only}`) }) : t("list.filter");
  return (
    <Menu.Root>
      <Menu.Trigger asChild>
        <IconButton label={label} className={list.only ? "on" : undefined}>
          <ListFilter />
        </IconButton>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="end">
          <Menu.RadioGroup
            value={list.only ?? ""}
            onValueChange={(value) => openList(list.place, (value || null) as Only | null)}
          >
            {["", ...ONLY].map((each) => (
              <Menu.RadioItem key={each} value={each}>
                <Menu.ItemIndicator>
                  <Check />
                </Menu.ItemIndicator>
                {t(`list.only.${each || "all"}`)}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
