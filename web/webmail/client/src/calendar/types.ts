/** What JMAP gives of calendars, as far as the app uses it. draft-ietf-jmap-calendars, RFC 8984. */

export interface CalendarRights {
  mayReadFreeBusy: boolean;
  mayReadItems: boolean;
  mayWriteAll: boolean;
  mayWriteOwn: boolean;
  mayUpdatePrivate: boolean;
  mayRSVP: boolean;
  mayShare?: boolean;
  mayDelete: boolean;
}

export interface Calendar {
  id: string;
  accountId: string;
  name: string;
  color: string | null;
  sortOrder: number;
  isVisible: boolean;
  isDefault: boolean;
  isSubscribed: boolean;
  includeInAvailability: string;
  /** What reminds of events that use the alerts of their calendar; of those that take whole days the other ones. */
  defaultAlertsWithTime?: Record<string, Alert> | null;
  defaultAlertsWithoutTime?: Record<string, Alert> | null;
  shareWith?: Record<string, unknown> | null;
  myRights: CalendarRights;
}

export type Status = "needs-action" | "accepted" | "declined" | "tentative" | "delegated";

export interface Participant {
  "@type"?: "Participant";
  name?: string;
  email?: string;
  sendTo?: Record<string, string>;
  kind?: string;
  roles?: Record<string, boolean>;
  participationStatus?: Status;
  participationComment?: string;
  expectReply?: boolean;
}

export interface Alert {
  "@type"?: "Alert";
  trigger: { "@type"?: string; offset?: string; relativeTo?: "start" | "end"; when?: string };
  action?: string;
  acknowledged?: string;
}

export interface NDay {
  "@type"?: "NDay";
  day: string;
  nthOfPeriod?: number;
}

export interface Rule {
  "@type"?: "RecurrenceRule";
  frequency: "yearly" | "monthly" | "weekly" | "daily" | "hourly" | "minutely" | "secondly";
  interval?: number;
  byDay?: NDay[];
  byMonthDay?: number[];
  byMonth?: string[];
  count?: number;
  until?: string;
  firstDayOfWeek?: string;
  [other: string]: unknown;
}

/** An event as RFC 8984 has it, or one of its occurrences. */
export interface EventObject {
  uid?: string;
  title?: string;
  description?: string;
  /** Local, without a zone. */
  start: string;
  duration?: string;
  timeZone?: string | null;
  showWithoutTime?: boolean;
  status?: "confirmed" | "cancelled" | "tentative";
  freeBusyStatus?: "free" | "busy";
  privacy?: "public" | "private" | "secret";
  color?: string;
  locations?: Record<string, { name?: string }>;
  virtualLocations?: Record<string, { name?: string; uri: string }>;
  participants?: Record<string, Participant>;
  replyTo?: Record<string, string>;
  alerts?: Record<string, Alert>;
  useDefaultAlerts?: boolean;
  recurrenceRules?: Rule[];
  recurrenceOverrides?: Record<string, Record<string, unknown>>;
  recurrenceId?: string;
  [other: string]: unknown;
}

/** One as the server stores it. */
export interface CalendarEvent extends EventObject {
  id: string;
  accountId: string;
  /** Of an occurrence: the event that recurs. */
  baseEventId: string | null;
  calendarIds: Record<string, true>;
  isOrigin: boolean;
  utcStart: string;
  utcEnd: string;
}

/** What the views show. */
export const SHOWN_PROPERTIES = [
  "baseEventId",
  "calendarIds",
  "isOrigin",
  "uid",
  "title",
  "start",
  "duration",
  "timeZone",
  "showWithoutTime",
  "utcStart",
  "utcEnd",
  "status",
  "freeBusyStatus",
  "privacy",
  "color",
  "locations",
  "participants",
  "recurrenceId",
  "alerts",
  "useDefaultAlerts",
];

export interface Busy {
  utcStart: string;
  utcEnd: string;
  busyStatus: "confirmed" | "tentative" | "unavailable";
}
