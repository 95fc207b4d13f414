/** Where a folder, or some emails of one account, are got as a file. */
export function exportUrl(
  accountId: string,
  what: { mailbox: string; form: "zip" | "mbox" } | { ids: string },
): string {
  return `/mail/export/${accountId}?${new URLSearchParams(what)}`;
}

/** Has the browser keep what is there. */
export function fetchFile(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
