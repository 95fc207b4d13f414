/** What JMAP gives, as far as the app uses it. RFC 8620, RFC 8621. */

export interface Session {
  username: string;
  capabilities: { "urn:ietf:params:jmap:core": { maxSizeUpload: number } };
  accounts: Record<string, { name: string; isPersonal: boolean; isReadOnly: boolean }>;
  primaryAccounts: Record<string, string>;
}

export interface Rights {
  mayReadItems: boolean;
  mayAddItems: boolean;
  mayRemoveItems: boolean;
  maySetSeen: boolean;
  maySetKeywords: boolean;
  mayCreateChild: boolean;
  mayRename: boolean;
  mayDelete: boolean;
  maySubmit: boolean;
  mayShare: boolean;
}

export interface Mailbox {
  id: string;
  accountId: string;
  name: string;
  parentId: string | null;
  role: string | null;
  sortOrder: number;
  totalEmails: number;
  unreadEmails: number;
  myRights: Rights;
}

export interface Address {
  name: string | null;
  email: string;
}

export interface Part {
  partId: string | null;
  blobId: string;
  size: number;
  name: string | null;
  type: string;
  cid: string | null;
  disposition: string | null;
}

/** What a line of a list shows. */
export interface Email {
  id: string;
  accountId: string;
  blobId: string;
  threadId: string;
  mailboxIds: Record<string, true>;
  keywords: Record<string, true>;
  subject: string | null;
  from: Address[] | null;
  to: Address[] | null;
  receivedAt: string;
  preview: string;
  hasAttachment: boolean;
  size: number;
  /** Until when it waits, and where it comes back to (null: the inbox). */
  snoozed?: { until: string; moveToMailboxId: string | null } | null;
  /** Of the conversation, where lists show conversations. */
  threadSize?: number;
}

/** What reading one shows besides. */
export interface FullEmail extends Email {
  cc: Address[] | null;
  bcc: Address[] | null;
  replyTo: Address[] | null;
  sentAt: string | null;
  messageId: string[] | null;
  references: string[] | null;
  inReplyTo: string[] | null;
  textBody: Part[];
  htmlBody: Part[];
  attachments: Part[];
  bodyValues: Record<string, { value: string; isTruncated: boolean }>;
  /** Where its list is left. RFC 2369. */
  "header:List-Unsubscribe:asURLs"?: string[] | null;
  /** Whether one click does. RFC 8058. */
  "header:List-Unsubscribe-Post:asText"?: string | null;
  /** Who asks to be told that it was read. RFC 8098. */
  "header:Disposition-Notification-To:asAddresses"?: Address[] | null;
  "header:Return-Path"?: string | null;
  "header:X-Postroom-Letter:asText"?: string | null;
}

/** A keyword with a name and a colour, as one person has them. */
export interface Label {
  id: string;
  keyword: string;
  /** null: one of mail programs, in the language of who looks. */
  name: string | null;
  color: string;
  isHidden: boolean;
  mayDelete: boolean;
}

export interface Identity {
  id: string;
  name: string;
  email: string;
  textSignature: string;
  htmlSignature: string;
}

export const LIST_PROPERTIES = [
  "id",
  "blobId",
  "threadId",
  "mailboxIds",
  "keywords",
  "subject",
  "from",
  "to",
  "receivedAt",
  "preview",
  "hasAttachment",
  "size",
  "snoozed",
];

export const FULL_PROPERTIES = [
  ...LIST_PROPERTIES,
  "cc",
  "bcc",
  "replyTo",
  "sentAt",
  "messageId",
  "references",
  "inReplyTo",
  "textBody",
  "htmlBody",
  "attachments",
  "bodyValues",
  "header:List-Unsubscribe:asURLs",
  "header:List-Unsubscribe-Post:asText",
  "header:Disposition-Notification-To:asAddresses",
  "header:Return-Path",
  "header:X-Postroom-Letter:asText",
];
