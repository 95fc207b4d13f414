import { CircleHelp, X } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Principal, principalsOf } from "../jmap/principals";
import { IconButton } from "../shell/Button";
import { Dialog } from "../shell/Dialog";
import { get, toast, useApp } from "../store";
import { type Access, accessOf, type Explained, explain, type Grant, grant, granteeName } from "./access";
import { type Chosen, chosenOf, ExtraBoxes, entryOf, LevelSelect, RightsBoxes, UntilField } from "./LevelFields";
import { PeopleField, PrincipalIcon } from "./PeopleField";
import "./sharing.css";
import { ends, folderTitle, grantName, levelName, titleOf } from "./words";

interface Props {
  accountId: string;
  /** Of a mailbox, a calendar, an address book, or any other folder. */
  folderId: string;
  onClose: () => void;
}

/** Who has access to a folder: seen, given, changed, taken away, and explained. */
export default function ShareDialog({ accountId, folderId, onClose }: Props) {
  const { t } = useTranslation();
  const [found, setFound] = useState<Access | null>(null);
  const [known, setKnown] = useState<Record<string, Principal>>({});

  const load = useCallback(async () => {
    try {
      const [one] = await accessOf(accountId, [folderId]);
      if (!one) throw new Error(t("sharing.gone"));
      const rows = [...Object.values(one.access ?? {}), ...(one.inherited ?? [])];
      setKnown(await principalsOf(rows.map((each) => each.principalId)));
      setFound(one);
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
  }, [accountId, folderId, t]);
  useEffect(() => void load(), [load]);

  /** Sets a grant; the toast takes it back. */
  async function put(principalId: string, chosen: Chosen | null, said: string): Promise<void> {
    const before = found?.access?.[principalId];
    const undo = async () => {
      await grant(accountId, folderId, principalId, before ? entryOf(chosenOf(before)) : null);
      await load();
    };
    try {
      await grant(accountId, folderId, principalId, chosen && entryOf(chosen));
      toast(said, { undo: () => void undo().catch((error: Error) => toast(error.message, { error: true })) });
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
    await load();
  }

  const without = useMemo(() => new Set(Object.keys(found?.access ?? {})), [found]);
  return (
    <Dialog title={t("sharing.title", { name: found ? folderTitle(found) : "" })} onClose={onClose} size="middle">
      <div className="sharing">
        {!found ? (
          <div aria-hidden="true">
            {[70, 84, 46].map((width) => (
              <span className="bone" key={width} style={{ width: `${width}%`, margin: "14px 0" }} />
            ))}
          </div>
        ) : (
          <>
            <Invite kind={found.kind} without={without} onShare={put} />
            <h3>{t("sharing.who")}</h3>
            <ul className="grants">
              <OwnerRow accountId={accountId} />
              {Object.values(found.access ?? {}).map((each) => (
                <Row
                  key={`${each.principalId} ${each.rights} ${each.denied} ${each.expires}`}
                  at={{ accountId, folderId, kind: found.kind }}
                  each={each}
                  known={known}
                  onPut={put}
                />
              ))}
              {(found.inherited ?? []).map((each) => (
                <Inherited
                  key={`${each.from} ${each.principalId}`}
                  at={{ accountId, folderId, kind: found.kind }}
                  each={each}
                  known={known}
                />
              ))}
            </ul>
            <p className="hint">{t(found.kind === "account" ? "sharing.wholeHint" : "sharing.below")}</p>
          </>
        )}
      </div>
    </Dialog>
  );
}

type Put = (principalId: string, chosen: Chosen | null, said: string) => Promise<void>;

function Invite({ kind, without, onShare }: { kind: string; without: ReadonlySet<string>; onShare: Put }) {
  const { t } = useTranslation();
  const [who, setWho] = useState<Principal | null>(null);
  const [chosen, setChosen] = useState<Chosen>({ level: "viewer", extras: "", rights: "lrs", denied: "", until: "" });
  if (!who) return <PeopleField label={t("sharing.find")} without={without} onChoose={setWho} />;
  const name = granteeName(who.email ?? "", { [who.id]: who }, who.id) || who.name;
  return (
    <form
      className="invite"
      onSubmit={(event) => {
        event.preventDefault();
        void onShare(who.id, chosen, t("sharing.shared", { name }));
        setWho(null);
      }}
    >
      <div className="line">
        <PrincipalIcon type={who.type} />
        <strong className="grow">{name}</strong>
        <IconButton label={t("app.cancel")} onClick={() => setWho(null)}>
          <X />
        </IconButton>
      </div>
      <div className="line">
        <LevelSelect kind={kind} who={name} value={chosen} onChange={setChosen} />
        <UntilField who={name} value={chosen} onChange={setChosen} />
        <button type="submit" className="main">
          {t("sharing.share")}
        </button>
      </div>
      <p className="hint">
        {t(`sharing.means.${chosen.level}`)}
        {kind === "calendar" && ["viewer", "contributor", "author", "editor"].includes(chosen.level) && (
          <> {t(chosen.extras.includes("5") ? "sharing.privateShown" : "sharing.privateHidden")}</>
        )}
      </p>
      <ExtraBoxes kind={kind} who={name} value={chosen} onChange={setChosen} />
      {chosen.level === "custom" && <RightsBoxes kind={kind} value={chosen} onChange={setChosen} />}
    </form>
  );
}

function OwnerRow({ accountId }: { accountId: string }) {
  const { t } = useTranslation();
  const me = useApp((state) => state.me);
  const owner = get().accounts.find((each) => each.id === accountId);
  return (
    <li>
      <div className="line">
        <PrincipalIcon type="individual" />
        <div className="grow who">
          <strong>{owner?.own ? me : owner?.name}</strong>
          <small>{t("sharing.owner")}</small>
        </div>
      </div>
    </li>
  );
}

interface At {
  accountId: string;
  folderId: string;
  kind: string;
}

function Row({ at, each, known, onPut }: { at: At; each: Grant; known: Record<string, Principal>; onPut: Put }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(chosenOf(each));
  const name = granteeName(each.grantee, known, each.principalId);
  const state = each.state ? t(`sharing.state.${each.state}`, { defaultValue: "" }) : "";
  const facts = [known[each.principalId]?.email, state, ends(each)].filter(Boolean).join(" · ");
  function choose(value: Chosen): void {
    setChosen(value);
    if (value.level === "custom") return;
    void onPut(each.principalId, value, t("sharing.changed", { name, level: levelName(value.level) }));
  }
  return (
    <li>
      <div className="line">
        <PrincipalIcon type={known[each.principalId]?.type ?? "other"} />
        <div className="grow who">
          <strong>{name}</strong>
          {facts && <small>{facts}</small>}
        </div>
        <LevelSelect kind={at.kind} who={name} value={chosen} onChange={choose} />
        <Why at={at} principalId={each.principalId} name={name} />
        <IconButton
          label={t("sharing.remove", { name })}
          onClick={() => void onPut(each.principalId, null, t("sharing.removed", { name }))}
        >
          <X />
        </IconButton>
      </div>
      <div className="more">
        <ExtraBoxes kind={at.kind} who={name} value={chosen} onChange={choose} />
      </div>
      {(chosen.level === "custom" || each.expires) && (
        <div className="more">
          {chosen.level === "custom" && <RightsBoxes kind={at.kind} value={chosen} onChange={setChosen} />}
          <div className="line">
            <UntilField who={name} value={chosen} onChange={chosen.level === "custom" ? setChosen : choose} />
            {chosen.level === "custom" && (
              <button
                type="button"
                onClick={() =>
                  void onPut(each.principalId, chosen, t("sharing.changed", { name, level: levelName("custom") }))
                }
              >
                {t("app.save")}
              </button>
            )}
          </div>
        </div>
      )}
    </li>
  );
}

function Inherited({ at, each, known }: { at: At; each: Grant; known: Record<string, Principal> }) {
  const { t } = useTranslation();
  const name = granteeName(each.grantee, known, each.principalId);
  return (
    <li>
      <div className="line">
        <PrincipalIcon type={known[each.principalId]?.type ?? "other"} />
        <div className="grow who">
          <strong>{name}</strong>
          <small>
            {t("sharing.from", { folder: titleOf(each.fromName) })} {ends(each)}
          </small>
        </div>
        <span className="level">{grantName(each)}</span>
        <Why at={at} principalId={each.principalId} name={name} />
      </div>
    </li>
  );
}

/** What somebody may do here in all, and which grants say so. */
function Why({ at, principalId, name }: { at: At; principalId: string; name: string }) {
  const { t } = useTranslation();
  const [told, setTold] = useState<Explained | null>(null);
  function show(): void {
    if (told) {
      setTold(null);
      return;
    }
    explain(at.accountId, at.folderId, principalId).then(setTold, (error: Error) =>
      toast(error.message, { error: true }),
    );
  }
  const say = (letters: string) => [...letters].map((each) => t(`sharing.right.${each}`)).join(", ");
  return (
    <>
      <IconButton label={t("sharing.why", { name })} aria-expanded={told !== null} onClick={show}>
        <CircleHelp />
      </IconButton>
      {told && (
        <div className="why" role="status">
          <p>
            <strong>{told.level === "custom" ? t("sharing.effective") : levelName(told.level)}</strong>
            {told.rights ? `: ${say(told.rights)}` : `: ${t("sharing.nothing")}`}
          </p>
          <ul>
            {told.reasons.map((each) => (
              <li key={`${each.path} ${each.grantee}`}>
                {t("sharing.because", { grantee: each.grantee, path: titleOf(each.path) })}{" "}
                {each.rights && t("sharing.allows", { rights: say(each.rights) })}{" "}
                {each.denied && t("sharing.denies", { rights: say(each.denied) })}
              </li>
            ))}
            {!told.reasons.length && <li>{t("sharing.noReason")}</li>}
          </ul>
        </div>
      )}
    </>
  );
}
