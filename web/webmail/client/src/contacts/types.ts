/** Address books and contacts, as JMAP has them (RFC 9610, RFC 9553), as far as the app looks into them. */

export interface Book {
  id: string;
  accountId: string;
  name: string;
  isDefault: boolean;
  myRights: { mayRead: boolean; mayWrite: boolean; mayShare: boolean; mayDelete: boolean };
}

type Uses = Record<string, true>;

export interface Component {
  kind: string;
  value: string;
}

interface Used {
  contexts?: Uses;
  pref?: number;
  label?: string;
}

export interface Email extends Used {
  address: string;
}

export interface Phone extends Used {
  number: string;
  features?: Uses;
}

export interface Postal extends Used {
  components?: Component[];
  full?: string;
}

export interface Day {
  "@type"?: string;
  year?: number;
  month?: number;
  day?: number;
  utc?: string;
}

export interface Media {
  kind: string;
  uri?: string;
  blobId?: string;
  mediaType?: string;
}

export interface Card {
  id: string;
  accountId: string;
  addressBookIds: Record<string, true>;
  uid: string;
  kind?: string;
  name?: { full?: string; components?: Component[]; isOrdered?: boolean };
  nicknames?: Record<string, { name: string }>;
  organizations?: Record<string, { name?: string; units?: { name: string }[] }>;
  titles?: Record<string, { name: string; kind?: string }>;
  emails?: Record<string, Email>;
  phones?: Record<string, Phone>;
  addresses?: Record<string, Postal>;
  anniversaries?: Record<string, { kind: string; date: Day }>;
  links?: Record<string, { uri: string } & Used>;
  media?: Record<string, Media>;
  notes?: Record<string, { note: string }>;
  keywords?: Uses;
  members?: Uses;
}

/** What a line of the list shows, and a search looks at. */
export const LINE = [
  "uid",
  "kind",
  "name",
  "nicknames",
  "organizations",
  "emails",
  "phones",
  "keywords",
  "members",
  "addressBookIds",
];
