import { Check, CircleHelp, Clock, DoorOpen, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Recipients } from "../compose/Recipients";
import { type Principal, peopleLike } from "../jmap/principals";
import { IconButton } from "../shell/Button";
import { busyOf, rooms } from "./busy";
import type { Guest } from "./form";
import type { Status } from "./types";

const SIGNS = { accepted: Check, declined: X, tentative: CircleHelp, "needs-action": Clock, delegated: Clock };

export function StatusSign({ status }: { status: Status | undefined }) {
  const { t } = useTranslation();
  const Sign = SIGNS[status ?? "needs-action"] ?? Clock;
  const label = t(`calendar.status.${status ?? "needs-action"}`);
  return (
    <span className={`status ${status ?? "needs-action"}`} title={label}>
      <Sign role="img" aria-label={label} />
    </span>
  );
}

interface Props {
  value: Guest[];
  start: Date;
  end: Date;
  onChange: (value: Guest[]) => void;
}

/** Who is asked to come, and in which room. */
export function Guests({ value, start, end, onChange }: Props) {
  const { t } = useTranslation();
  const people = value.filter((each) => !each.room);
  const drop = (each: Guest) => onChange(value.filter((other) => other !== each));
  const optional = (each: Guest) =>
    onChange(value.map((other) => (other === each ? { ...each, optional: !each.optional } : other)));
  return (
    <div className="guests">
      <Recipients
        label={t("calendar.guests")}
        value={[]}
        look={peopleLike}
        onChange={(more) => {
          const there = new Set(value.map((each) => each.email.toLowerCase()));
          const fresh = more.filter((each) => !there.has(each.email.toLowerCase()));
          onChange([...value, ...fresh.map((each) => ({ ...each, room: false, optional: false, stored: null }))]);
        }}
      />
      <ul>
        {value.map((each) => (
          <li key={each.email}>
            {each.room ? (
              <span className="status">
                <DoorOpen aria-hidden="true" />
              </span>
            ) : (
              <StatusSign status={each.stored?.[1].participationStatus} />
            )}
            <span className="grow" title={each.email}>
              {each.name || each.email}
            </span>
            {!each.room && people.length > 0 && (
              <button type="button" className="text" aria-pressed={each.optional} onClick={() => optional(each)}>
                {t(each.optional ? "calendar.optional" : "calendar.required")}
              </button>
            )}
            <IconButton label={t("compose.remove", { name: each.name || each.email })} onClick={() => drop(each)}>
              <X />
            </IconButton>
          </li>
        ))}
      </ul>
      <Rooms value={value} start={start} end={end} onChange={onChange} />
    </div>
  );
}

/** Rooms and the like, with whether they are free then. */
function Rooms({ value, start, end, onChange }: Props) {
  const { t } = useTranslation();
  const [all, setAll] = useState<Principal[]>([]);
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const [from, to] = [start.getTime(), end.getTime()];
  useEffect(() => {
    rooms().then(setAll, () => undefined);
  }, []);
  useEffect(() => {
    if (!all.length) return;
    const addresses = all.map((each) => each.email?.toLowerCase() ?? "");
    busyOf(addresses, new Date(from)).then(
      (found) => {
        const busy = addresses.filter((each) => found[each]?.some((time) => time.from < to && time.to > from));
        setTaken(new Set(busy));
      },
      () => undefined,
    );
  }, [all, from, to]);
  const there = new Set(value.map((each) => each.email.toLowerCase()));
  const left = all.filter((each) => each.email && !there.has(each.email.toLowerCase()));
  if (!left.length) return null;
  return (
    <select
      aria-label={t("calendar.addRoom")}
      value=""
      onChange={(event) => {
        const room = left.find((each) => each.email === event.target.value);
        if (room?.email)
          onChange([...value, { name: room.name, email: room.email, room: true, optional: false, stored: null }]);
      }}
    >
      <option value="">{t("calendar.addRoom")}</option>
      {left.map((each) => (
        <option key={each.id} value={each.email ?? ""}>
          {each.name} · {t(taken.has(each.email?.toLowerCase() ?? "") ? "calendar.busy" : "calendar.free")}
        </option>
      ))}
    </select>
  );
}
