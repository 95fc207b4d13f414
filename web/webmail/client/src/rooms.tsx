/** The rooms of the app, in the order in which one goes through them: another one is a line here, and words of its own. */
import { CalendarDays, Contact, ListTodo, Mail, NotebookText, Settings } from "lucide-react";
import { type ComponentType, lazy } from "react";
import { MAIL_KEYS } from "./mail/keys";
import { MailRoom } from "./mail/MailRoom";
import { SearchBox } from "./mail/SearchBox";
import type { Key } from "./shell/keys";

export interface Room {
  /** In addresses, and of its words: `KEY.title` is what it is called. */
  key: string;
  icon: ComponentType;
  /** Fills the areas `side` and `stage`. All but mail come by `lazy`, so that the first load stays small. */
  room: ComponentType;
  /** What stands in the top bar, beside the name. */
  bar?: ComponentType;
  /** The key that goes there, after `g`. */
  go?: string;
  /** Keys of the room; those that come with a lazy room are given by `useKeys`. */
  keys?: Key[];
  /** It is in the account menu, and not among the others. */
  inMenu?: boolean;
}

export const ROOMS: Room[] = [
  { key: "mail", icon: Mail, room: MailRoom, bar: SearchBox, go: "m", keys: MAIL_KEYS },
  {
    key: "calendar",
    icon: CalendarDays,
    room: lazy(() => import("./calendar/CalendarRoom")),
    bar: lazy(() => import("./calendar/FindBox")),
    go: "c",
  },
  { key: "contacts", icon: Contact, room: lazy(() => import("./contacts/ContactsRoom")), go: "p" },
  { key: "tasks", icon: ListTodo, room: lazy(() => import("./tasks/TasksRoom")), go: "k" },
  { key: "notes", icon: NotebookText, room: lazy(() => import("./notes/NotesRoom")), go: "n" },
  { key: "settings", icon: Settings, room: lazy(() => import("./settings/SettingsRoom")), go: "s", inMenu: true },
];

export function roomCalled(key: string): Room | undefined {
  return ROOMS.find((each) => each.key === key);
}
