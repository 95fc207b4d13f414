/** What people do about who has sent a message: leave the list, have no more of it. */
import { t } from "i18next";
import { begin } from "../compose/draft";
import { unsubscribe } from "../jmap/client";
import type { FullEmail } from "../jmap/types";
import { toast } from "../store";
import { junk } from "./act";

const say = (error: unknown) => toast((error as Error).message, { error: true });

export function isFromList(email: FullEmail): boolean {
  return Boolean(email["header:List-Unsubscribe:asURLs"]?.length);
}

/** With one click where the list offers that, else by mail, else on its page. */
export async function leaveList(email: FullEmail): Promise<void> {
  const urls = email["header:List-Unsubscribe:asURLs"] ?? [];
  const page = urls.find((each) => /^https?:/i.test(each));
  const letter = urls.find((each) => /^mailto:/i.test(each));
  const oneClick = email["header:List-Unsubscribe-Post:asText"]?.trim().toLowerCase() === "list-unsubscribe=one-click";
  if (oneClick && page?.toLowerCase().startsWith("https:")) {
    if (!window.confirm(t("sender.leaveAsk", { name: email.from?.[0]?.name || email.from?.[0]?.email || "" }))) return;
    await unsubscribe(email.accountId, email.blobId).then(() => toast(t("sender.left")), say);
  } else if (letter) {
    const address = new URL(letter);
    const subject = address.searchParams.get("subject") ?? "unsubscribe";
    begin({
      to: [{ name: null, email: decodeURIComponent(address.pathname) }],
      subject,
      rich: false,
      body: address.searchParams.get("body") ?? "",
    });
  } else if (page) window.open(page, "_blank", "noopener,noreferrer");
}

/** What becomes of their mail from now on is chosen in the settings, Junk if nothing else; this goes there. */
export async function block(email: FullEmail): Promise<void> {
  const address = email.from?.[0]?.email.toLowerCase();
  if (!address) return;
  try {
    const { blockSenders, loadSenders, saveSenders } = await import("../settings/senders");
    const { allowed, blocked } = await loadSenders();
    await blockSenders([address]);
    const undo = () => void saveSenders({ allowed, blocked }).catch(say);
    toast(t("sender.blocked", { address }), { undo });
    await junk([email.id]);
  } catch (error) {
    say(error);
  }
}
