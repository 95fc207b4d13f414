import * as Menu from "@radix-ui/react-dropdown-menu";
import { MoreHorizontal, Plus } from "lucide-react";
import { type CSSProperties, type FormEvent, lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";
import { Dialog } from "../shell/Dialog";
import { type Account, useApp } from "../store";
import { wrong } from "./act";
import { beginHere } from "./begin";
import { changeCalendar, createCalendar, deleteCalendar } from "./calendars";
import { COLOURS, colourOf } from "./events";
import { exportCalendar } from "./files";
import { MiniMonth } from "./Months";
import { Proposals } from "./Proposals";
import { type Shown, useCalendar, type Where } from "./store";
import { ToDo } from "./ToDo";
import type { Calendar } from "./types";

const ImportDialog = lazy(() => import("./ImportDialog"));
const ShareDialog = lazy(() => import("../sharing/ShareDialog"));

/** What is done with a calendar in a dialog; null: a new one. */
type Task = { kind: "change" | "delete"; calendar: Calendar } | { kind: "new"; calendar: null };

export function Side({ where, events }: { where: Where; events: Shown[] }) {
  const { t } = useTranslation();
  const accounts = useApp((state) => state.accounts);
  const calendars = useCalendar((state) => state.calendars);
  const [task, setTask] = useState<Task | null>(null);
  return (
    <nav className="side" aria-label={t("calendar.calendars")}>
      <button type="button" className="main compose" onClick={beginHere}>
        <Plus />
        {t("calendar.newEvent")}
      </button>
      <MiniMonth where={where} events={events} />
      <Waiting />
      {accounts.map((account) => (
        <Group
          key={account.id}
          account={account}
          all={calendars.filter((each) => each.accountId === account.id)}
          onTask={setTask}
        />
      ))}
      <button type="button" className="text add" onClick={() => setTask({ kind: "new", calendar: null })}>
        {t("calendar.newCalendar")}
      </button>
      <ToDo />
      {task && <CalendarDialog task={task} onClose={() => setTask(null)} />}
    </nav>
  );
}

/** Other times that are proposed for one's own meetings. */
function Waiting() {
  const { t } = useTranslation();
  const proposals = useCalendar((state) => state.proposals);
  if (!proposals.length) return null;
  return (
    <section className="waiting" aria-label={t("calendar.proposals")}>
      <h2>{t("calendar.proposals")}</h2>
      <Proposals all={proposals} titled />
    </section>
  );
}

interface GroupProps {
  account: Account;
  all: Calendar[];
  onTask: (task: Task) => void;
}

function Group({ account, all, onTask }: GroupProps) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const [shared, share] = useState<Calendar | null>(null);
  const [filled, fill] = useState<Calendar | null>(null);
  if (!all.length) return null;
  const name = account.own ? t("calendar.mine") : account.name === "Public" ? t("calendar.publicOnes") : account.name;
  return (
    <section className="calendars" aria-label={name}>
      <h2>{name}</h2>
      <ul>
        {all.map((each) => (
          <li key={each.id}>
            <label style={{ "--c": colourOf(each, calendars) } as CSSProperties}>
              <input
                type="checkbox"
                checked={each.isVisible}
                onChange={({ target }) => void changeCalendar(each, { isVisible: target.checked })}
              />
              <span>{each.name}</span>
            </label>
            <Menu.Root>
              <Menu.Trigger asChild>
                <IconButton label={t("calendar.actions", { name: each.name })} className="dots">
                  <MoreHorizontal />
                </IconButton>
              </Menu.Trigger>
              <Menu.Portal>
                <Menu.Content className="menu" align="start">
                  <Menu.Item onSelect={() => onTask({ kind: "change", calendar: each })}>
                    {t("calendar.nameAndColour")}
                  </Menu.Item>
                  {each.myRights.mayShare && <Menu.Item onSelect={() => share(each)}>{t("sharing.action")}</Menu.Item>}
                  <Menu.Item onSelect={() => showOnly(each)}>{t("calendar.only")}</Menu.Item>
                  {(each.myRights.mayWriteAll || each.myRights.mayWriteOwn) && (
                    <Menu.Item onSelect={() => fill(each)}>{t("calendar.import")}…</Menu.Item>
                  )}
                  {each.myRights.mayReadItems && (
                    <Menu.Item onSelect={() => void exportCalendar(each).catch(wrong)}>
                      {t("calendar.export")}
                    </Menu.Item>
                  )}
                  {each.myRights.mayDelete && (
                    <>
                      <Menu.Separator />
                      <Menu.Item className="danger" onSelect={() => onTask({ kind: "delete", calendar: each })}>
                        {t("calendar.delete")}
                      </Menu.Item>
                    </>
                  )}
                </Menu.Content>
              </Menu.Portal>
            </Menu.Root>
          </li>
        ))}
      </ul>
      <Suspense>
        {filled && <ImportDialog into={filled} onClose={() => fill(null)} />}
        {shared && <ShareDialog accountId={shared.accountId} folderId={shared.id} onClose={() => share(null)} />}
      </Suspense>
    </section>
  );
}

function showOnly(one: Calendar): void {
  for (const each of useCalendar.getState().calendars) {
    const isVisible = each.id === one.id && each.accountId === one.accountId;
    if (each.isVisible !== isVisible) void changeCalendar(each, { isVisible });
  }
}

function CalendarDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const own = useApp((state) => state.accounts.find((each) => each.own)?.id ?? "");
  const { kind, calendar } = task;
  const first = calendar ? colourOf(calendar, calendars) : (COLOURS[calendars.length % COLOURS.length] as string);
  const [colour, setColour] = useState(first);
  const title = { new: "calendar.newCalendar", change: "calendar.nameAndColour", delete: "calendar.delete" }[kind];

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    try {
      if (kind === "new") await createCalendar(own, name, colour);
      else if (kind === "delete") await deleteCalendar(calendar);
      else await changeCalendar(calendar, { name, color: colour });
      onClose();
    } catch (error) {
      wrong(error);
    }
  }

  return (
    <Dialog title={t(title)} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {kind === "delete" ? (
          <p>{t("calendar.deleteAsk", { name: calendar.name })}</p>
        ) : (
          <>
            <label>
              {t("calendar.name")}
              <input name="name" required maxLength={200} defaultValue={calendar?.name ?? ""} />
            </label>
            <fieldset className="colours">
              <legend>{t("calendar.colour")}</legend>
              {[...new Set([...COLOURS, first])].map((each, at) => (
                <label key={each} style={{ "--c": each } as CSSProperties}>
                  <input
                    type="radio"
                    name="colour"
                    aria-label={t("calendar.colourNumber", { number: at + 1 })}
                    checked={colour === each}
                    onChange={() => setColour(each)}
                  />
                </label>
              ))}
            </fieldset>
          </>
        )}
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {t(kind === "delete" ? "calendar.delete" : "app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
