import type { Cache, ImagePlan, RunPlan, Session } from "../../core/types.ts";

/** Names of the labels on silo's containers, images and volumes, and of the metadata of its machines. */
export const LABEL = {
  /** `1` on everything that silo creates. */
  managed: "silo.managed",
  tool: "silo.tool",
  /** The project's name, as in container names. */
  project: "silo.project",
  /** The id of the run. Images do not have this label, so containers that users start from them do not inherit it. */
  session: "silo.session",
  /** The key of a cache (`cacheKey`). */
  cache: "silo.cache",
  /** The uid of a cache's user, because several users can share an engine. */
  user: "silo.user",
} as const;

type Labels = Readonly<Record<string, string>>;

/** The labels of a run's container or machine. */
export function runLabels({ tool, project }: RunPlan, { id }: Session): Labels {
  return {
    [LABEL.managed]: "1",
    [LABEL.tool]: tool,
    [LABEL.project]: project,
    [LABEL.session]: id,
  };
}

/** The labels of an image. */
export function imageLabels({ tool }: ImagePlan): Labels {
  return { [LABEL.managed]: "1", [LABEL.tool]: tool };
}

/** The labels of a cache's volume. */
export function cacheLabels({ project, user }: RunPlan, { key }: Cache): Labels {
  return {
    [LABEL.managed]: "1",
    [LABEL.project]: project,
    [LABEL.user]: String(user.uid),
    [LABEL.cache]: key,
  };
}

/** A label in the form of a filter: `name=value`. */
export function label(name: keyof typeof LABEL, value: string): string {
  return `${LABEL[name]}=${value}`;
}

/** The labels in the form `name=value`. */
export function pairs(labels: Labels): readonly string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

/** The labels as arguments: `--label name=value`. */
export function labelArgs(labels: Labels): readonly string[] {
  return pairs(labels).flatMap((pair) => ["--label", pair]);
}

/** Reads the labels of a container or machine. A label that is missing or not a string is empty. */
export function readLabels(labels: Readonly<Record<string, unknown>>): {
  readonly tool: string;
  readonly project: string;
  readonly session: string;
} {
  const text = (name: string) => {
    const value = labels[name];
    return typeof value === "string" ? value : "";
  };
  return {
    tool: text(LABEL.tool),
    project: text(LABEL.project),
    session: text(LABEL.session),
  };
}
