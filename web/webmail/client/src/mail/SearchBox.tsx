import { Search, X } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { NOWHERE } from "../place";
import { IconButton } from "../shell/Button";
import { get, useApp, withRole } from "../store";
import { visitPlace } from "./load";

function find(search: string): void {
  const { place } = get();
  if (!place.accountId) return;
  void visitPlace({ ...NOWHERE, accountId: place.accountId, search }, false);
}

function leave(): void {
  const own = get().accounts.find((each) => each.own)?.id ?? null;
  const inbox = withRole(own, "inbox");
  if (inbox) void visitPlace({ ...NOWHERE, accountId: own, mailboxId: inbox.id }, false);
}

export function SearchBox() {
  const { t } = useTranslation();
  const search = useApp((state) => state.place.search);
  const [typed, type] = useState(search ?? "");
  useEffect(() => type(search ?? ""), [search]);

  function go(event: FormEvent) {
    event.preventDefault();
    if (typed.trim()) find(typed.trim());
    else if (search !== null) leave();
  }

  return (
    <search className="search">
      <form onSubmit={go}>
        <Search aria-hidden="true" />
        <input
          id="search"
          type="text"
          enterKeyHint="search"
          autoComplete="off"
          aria-label={t("search.label")}
          placeholder={`${t("search.label")}  ${t("search.hint")}`}
          value={typed}
          onChange={(event) => type(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        {(typed || search !== null) && (
          <IconButton label={t("search.clear")} onClick={() => (search !== null ? leave() : type(""))}>
            <X />
          </IconButton>
        )}
      </form>
    </search>
  );
}
