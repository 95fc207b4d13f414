/** What JMAP gives of tasks, as far as the app uses it. draft-ietf-jmap-tasks, RFC 8984. */
import type { Alert, Rule } from "../calendar/types";

export interface TaskList {
  id: string;
  accountId: string;
  name: string;
  color: string | null;
  sortOrder: number;
  isDefault: boolean;
  myRights: {
    mayReadItems: boolean;
    mayWriteAll: boolean;
    mayWriteOwn: boolean;
    mayAdmin: boolean;
    mayDelete: boolean;
  };
}

export type Progress = "needs-action" | "in-process" | "completed" | "failed" | "cancelled";

export interface Task {
  id: string;
  accountId: string;
  taskListId: string;
  uid: string;
  title?: string;
  description?: string;
  /** Local, without a zone. */
  start?: string;
  due?: string;
  timeZone?: string | null;
  showWithoutTime?: boolean;
  /** 1 is the highest, 9 the lowest, 0 none. */
  priority?: number;
  percentComplete?: number;
  progress?: Progress;
  recurrenceRules?: Rule[];
  relatedTo?: Record<string, { relation?: Record<string, boolean> }>;
  alerts?: Record<string, Alert>;
  created?: string;
  updated?: string;
}

export const TASK_PROPERTIES = [
  "taskListId",
  "uid",
  "title",
  "description",
  "start",
  "due",
  "timeZone",
  "showWithoutTime",
  "priority",
  "percentComplete",
  "progress",
  "recurrenceRules",
  "relatedTo",
  "alerts",
  "created",
  "updated",
];
