/** Notes and journals, as the server has them: VJOURNAL in words of its own. */

export type Kind = "note" | "entry";

export interface Notebook {
  id: string;
  accountId: string;
  /** Of notes, or of a journal, whose entries have a day. */
  kind: Kind;
  name: string;
  isDefault: boolean;
  myRights: {
    mayReadItems: boolean;
    mayWriteAll: boolean;
    mayWriteOwn: boolean;
    mayAdmin: boolean;
    mayDelete: boolean;
  };
}

export interface Note {
  id: string;
  accountId: string;
  kind: Kind;
  bookId: string;
  title: string;
  text: string;
  /** A day, of an entry. */
  date?: string;
  keywords?: Record<string, true>;
  updated?: string;
}

/** What the server calls them. */
export const NAMES = {
  note: { holder: "Notebook", thing: "Note", container: "notebookId" },
  entry: { holder: "Journal", thing: "JournalEntry", container: "journalId" },
} as const;
export const KINDS: Kind[] = ["note", "entry"];
