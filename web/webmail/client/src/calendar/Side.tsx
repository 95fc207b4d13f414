import * as Menu from "@radix-ui/react-dropdown-menu";
import { MoreHorizontal, Plus, TriangleAlert } from "lucide-react";
import { type CSSProperties, type FormEvent, lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { IconButton } from "../shell/Button";
import { Dialog } from "../shell/Dialog";
import { type Account, useApp } from "../store";
import { DefaultAlerts, type Defaults } from "./AlertFields";
import { wrong } from "./act";
import { beginHere } from "./begin";
import { Colours } from "./Colours";
import { changeCalendar, createCalendar, deleteCalendar } from "./calendars";
import { COLOURS, colourOf } from "./events";
import { exportCalendar } from "./files";
import { writable } from "./form";
import { MiniMonth } from "./Months";
import { Proposals } from "./Proposals";
import { fetchNow, linkedTo, loadSources, saidOf, unsubscribe, watchFetching } from "./sources";
import { type Shown, useCalendar, type Where } from "./store";
import { ToDo } from "./ToDo";
import type { Calendar } from "./types";

const ImportDialog = lazy(() => import("./ImportDialog"));
const SubscribeDialog = lazy(() => import("./SubscribeDialog"));
const ShareDialog = lazy(() => import("../sharing/ShareDialog"));

/** What is done with a calendar in a dialog; null: a new one. */
type Task = { kind: "change" | "delete"; calendar: Calendar } | { kind: "new"; calendar: null };

export function Side({ where, events }: { where: Where; events: Shown[] }) {
  const { t } = useTranslation();
  const accounts = useApp((state) => state.accounts);
  const calendars = useCalendar((state) => state.calendars);
  const sources = useCalendar((state) => state.sources);
  const [task, setTask] = useState<Task | null>(null);
  const [subscribing, setSubscribing] = useState<{ calendar: Calendar | null; url?: string | null } | null>(null);
  const ready = useApp((state) => state.ready);
  const fetching = sources.some((each) => each.isFetching);
  useEffect(() => {
    if (!ready) return;
    void loadSources().catch(() => undefined);
    const url = linkedTo();
    if (url) setSubscribing({ calendar: null, url });
  }, [ready]);
  useEffect(() => (fetching ? watchFetching() : undefined), [fetching]);
  const followed = new Set(sources.map((each) => each.id));
  const settings = (calendar: Calendar) => setSubscribing({ calendar });
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
          name={nameOf(t, account)}
          all={calendars.filter((each) => each.accountId === account.id && !(account.own && followed.has(each.id)))}
          onTask={setTask}
          onSource={settings}
        />
      ))}
      <Group
        name={t("calendar.subscribed.title")}
        all={calendars.filter(
          (each) => followed.has(each.id) && accounts.some((one) => one.own && one.id === each.accountId),
        )}
        onTask={setTask}
        onSource={settings}
      />
      <button type="button" className="text add" onClick={() => setTask({ kind: "new", calendar: null })}>
        {t("calendar.newCalendar")}
      </button>
      <button type="button" className="text add" onClick={() => setSubscribing({ calendar: null })}>
        {t("calendar.subscribed.add")}
      </button>
      <Suspense>{subscribing && <SubscribeDialog {...subscribing} onClose={() => setSubscribing(null)} />}</Suspense>
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

function nameOf(t: ReturnType<typeof useTranslation>["t"], account: Account): string {
  if (account.own) return t("calendar.mine");
  return account.name === "Public" ? t("calendar.publicOnes") : account.name;
}

interface GroupProps {
  name: string;
  all: Calendar[];
  onTask: (task: Task) => void;
  onSource: (calendar: Calendar) => void;
}

function Group({ name, all, onTask, onSource }: GroupProps) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const sources = useCalendar((state) => state.sources);
  const [shared, share] = useState<Calendar | null>(null);
  const [filled, fill] = useState<Calendar | null>(null);
  if (!all.length) return null;
  return (
    <section className="calendars" aria-label={name}>
      <h2>{name}</h2>
      <ul>
        {all.map((each) => {
          const source = sources.find((one) => one.id === each.id) ?? null;
          return (
            <li key={each.id}>
              <label style={{ "--c": colourOf(each, calendars) } as CSSProperties}>
                <input
                  type="checkbox"
                  checked={each.isVisible}
                  onChange={({ target }) => void changeCalendar(each, { isVisible: target.checked })}
                />
                <span>{folderName(each)}</span>
                {source?.error && <TriangleAlert className="trouble" role="img" aria-label={saidOf(t, source)} />}
              </label>
              <Menu.Root>
                <Menu.Trigger asChild>
                  <IconButton label={t("calendar.actions", { name: folderName(each) })} className="dots">
                    <MoreHorizontal />
                  </IconButton>
                </Menu.Trigger>
                <Menu.Portal>
                  <Menu.Content className="menu" align="start">
                    {source ? (
                      <Menu.Item onSelect={() => onSource(each)}>{t("calendar.subscribed.settings")}…</Menu.Item>
                    ) : (
                      <Menu.Item onSelect={() => onTask({ kind: "change", calendar: each })}>
                        {t("calendar.nameAndColour")}
                      </Menu.Item>
                    )}
                    {source?.isEnabled && (
                      <Menu.Item onSelect={() => void fetchNow(source).catch(wrong)}>
                        {t("calendar.subscribed.now")}
                      </Menu.Item>
                    )}
                    {each.myRights.mayShare && (
                      <Menu.Item onSelect={() => share(each)}>{t("sharing.action")}</Menu.Item>
                    )}
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
                        <Menu.Item
                          className="danger"
                          onSelect={() =>
                            source
                              ? void unsubscribe(each, source).catch(wrong)
                              : onTask({ kind: "delete", calendar: each })
                          }
                        >
                          {t(source ? "calendar.subscribed.drop" : "calendar.delete")}
                        </Menu.Item>
                      </>
                    )}
                  </Menu.Content>
                </Menu.Portal>
              </Menu.Root>
            </li>
          );
        })}
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

function defaultsIn(calendar: Calendar | null): Defaults {
  const { defaultAlertsWithTime = null, defaultAlertsWithoutTime = null } = calendar ?? {};
  return { defaultAlertsWithTime, defaultAlertsWithoutTime };
}

function CalendarDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const own = useApp((state) => state.accounts.find((each) => each.own)?.id ?? "");
  const { kind, calendar } = task;
  const first = calendar ? colourOf(calendar, calendars) : (COLOURS[calendars.length % COLOURS.length] as string);
  const [colour, setColour] = useState(first);
  const [alerts, setAlerts] = useState(() => defaultsIn(calendar));
  const title = { new: "calendar.newCalendar", change: "calendar.nameAndColour", delete: "calendar.delete" }[kind];

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    try {
      if (kind === "new") await createCalendar(own, name, colour);
      else if (kind === "delete") await deleteCalendar(calendar);
      else await changeCalendar(calendar, { name, color: colour, ...(writable([calendar]).length ? alerts : {}) });
      onClose();
    } catch (error) {
      wrong(error);
    }
  }

  return (
    <Dialog title={t(title)} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {kind === "delete" ? (
          <p>{t("calendar.deleteAsk", { name: folderName(calendar) })}</p>
        ) : (
          <>
            <label>
              {t("calendar.name")}
              <input name="name" required maxLength={200} defaultValue={calendar?.name ?? ""} />
            </label>
            <Colours first={first} chosen={colour} onChoose={setColour} />
            {calendar && writable([calendar]).length > 0 && <DefaultAlerts value={alerts} onChange={setAlerts} />}
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
