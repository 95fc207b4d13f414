import { useTranslation } from "react-i18next";
import { change, request } from "../jmap/client";
import { refreshList } from "../mail/lists";
import { fromTo } from "../mail/places";
import { long } from "../mail/when";
import { toast, withRole } from "../store";
import { Bones } from "./SettingsRoom";
import { ownAccount, say, useLoaded } from "./use";

interface Waiting {
  id: string;
  emailId: string;
  sendAt: string;
  subject: string;
  to: string;
}

async function load(): Promise<Waiting[]> {
  const accountId = ownAccount();
  const from = (resultOf: string, name: string, path: string) => ({ resultOf, name, path });
  const [, submissions, emails] = await request([
    ["EmailSubmission/query", { accountId, filter: { undoStatus: "pending" } }, "q"],
    ["EmailSubmission/get", { accountId, "#ids": from("q", "EmailSubmission/query", "/ids") }, "s"],
    [
      "Email/get",
      { accountId, "#ids": from("s", "EmailSubmission/get", "/list/*/emailId"), properties: ["subject", "to"] },
    ],
  ]);
  const known = new Map(emails.list.map((each: { id: string }) => [each.id, each]));
  return submissions.list
    .map((each: Waiting) => {
      const email = known.get(each.emailId) as { subject?: string; to?: { email: string }[] } | undefined;
      const to = (email?.to ?? []).map((one) => one.email).join(", ");
      return { id: each.id, emailId: each.emailId, sendAt: each.sendAt, subject: email?.subject ?? "", to };
    })
    .sort((one: Waiting, other: Waiting) => one.sendAt.localeCompare(other.sendAt));
}

/** Letters that leave later, and a way to have them back. */
export default function Scheduled() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(load);
  async function cancel(each: Waiting) {
    const accountId = ownAccount();
    const drafts = withRole(accountId, "drafts");
    try {
      await change([["EmailSubmission/set", { accountId, update: { [each.id]: { undoStatus: "canceled" } } }]]);
      if (drafts) {
        const sent = withRole(accountId, "sent");
        const back = { ...fromTo(sent?.id ?? "", drafts.id), "keywords/$draft": true };
        await change([["Email/set", { accountId, update: { [each.emailId]: back } }]]);
      }
      toast(t("compose.takenBack"));
      await refreshList();
    } catch (error) {
      say(error);
    }
    again();
  }
  if (!found) return <Bones />;
  if (!found.length) return <p className="hint">{t("settings.scheduled.none")}</p>;
  return (
    <ul className="entries">
      {found.map((each) => (
        <li key={each.id}>
          <span className="grow">
            {each.subject || t("list.noSubject")}
            <small>
              {each.to} · {t("settings.scheduled.at", { when: long(each.sendAt) })}
            </small>
          </span>
          <button type="button" onClick={() => void cancel(each)}>
            {t("settings.scheduled.cancel")}
          </button>
        </li>
      ))}
    </ul>
  );
}
