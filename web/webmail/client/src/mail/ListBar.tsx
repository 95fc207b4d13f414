import { CheckCheck, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";
import { get, set, useApp } from "../store";
import { Actions } from "./Actions";
import { clearSelection, useTitle } from "./MailList";

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
        {title} {total !== null && <small>{total.toLocaleString()}</small>}
      </h1>
      {total !== null && total > 0 && (
        <IconButton label={t("list.all")} onClick={selectShown}>
          <CheckCheck />
        </IconButton>
      )}
    </div>
  );
}
