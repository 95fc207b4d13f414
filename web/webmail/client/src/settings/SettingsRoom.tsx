import {
  CircleUser,
  Clock,
  Filter,
  Forward,
  HardDrive,
  Inbox,
  KeyRound,
  MonitorCog,
  MonitorSmartphone,
  PlaneTakeoff,
  Settings2,
  ShieldCheck,
  Tag,
  Users,
} from "lucide-react";
import { type ComponentType, lazy, type MouseEvent, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { visitPlace } from "../mail/load";
import { NOWHERE } from "../place";
import { set, useApp } from "../store";
import { General } from "./General";
import "./settings.css";

interface Section {
  key: string;
  icon: ComponentType;
  section: ComponentType;
}

const SECTIONS: Section[] = [
  { key: "general", icon: Settings2, section: General },
  { key: "identities", icon: CircleUser, section: lazy(() => import("./Identities")) },
  { key: "labels", icon: Tag, section: lazy(() => import("./Labels")) },
  { key: "filters", icon: Filter, section: lazy(() => import("./filters/Filters")) },
  { key: "forwarding", icon: Forward, section: lazy(() => import("./filters/Forwarding")) },
  { key: "senders", icon: ShieldCheck, section: lazy(() => import("./Senders")) },
  { key: "others", icon: Inbox, section: lazy(() => import("./OtherMailboxes")) },
  { key: "vacation", icon: PlaneTakeoff, section: lazy(() => import("./Vacation")) },
  { key: "scheduled", icon: Clock, section: lazy(() => import("./Scheduled")) },
  { key: "sharing", icon: Users, section: lazy(() => import("../sharing/Overview")) },
  { key: "security", icon: KeyRound, section: lazy(() => import("./Security")) },
  { key: "devices", icon: MonitorSmartphone, section: lazy(() => import("./Devices")) },
  { key: "programs", icon: MonitorCog, section: lazy(() => import("./Programs")) },
  { key: "storage", icon: HardDrive, section: lazy(() => import("./Storage")) },
];

/** Everything that one chooses, by section. */
export default function SettingsRoom() {
  const { t } = useTranslation();
  const at = useApp((state) => state.place.path[0]);
  const here = SECTIONS.find((each) => each.key === at) ?? (SECTIONS[0] as Section);
  const { section: Shown } = here;
  const visit = (key: string) => (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    set({ drawer: false });
    void visitPlace({ ...NOWHERE, room: "settings", path: [key] }, false);
  };
  return (
    <>
      <nav className="side" aria-label={t("settings.title")}>
        <ul className="sections tree">
          {SECTIONS.map(({ key, icon: Icon }) => (
            <li key={key}>
              <a
                href={`/mail/settings/${key}`}
                aria-current={key === here.key ? "page" : undefined}
                onClick={visit(key)}
              >
                <Icon />
                <span className="name">{t(`settings.${key}.title`)}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main className="stage settings" id="stage" tabIndex={-1}>
        <div className="page">
          <h1>{t(`settings.${here.key}.title`)}</h1>
          <Suspense fallback={<Bones />}>
            <Shown key={here.key} />
          </Suspense>
        </div>
      </main>
    </>
  );
}

/** What is on its way. */
export function Bones() {
  return (
    <div aria-hidden="true">
      {[52, 70, 38].map((width) => (
        <span className="bone" key={width} style={{ width: `${width}%`, margin: "18px 0" }} />
      ))}
    </div>
  );
}
