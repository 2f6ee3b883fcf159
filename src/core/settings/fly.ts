import type { Settings } from "./setting.ts";
import { SIZE } from "./size.ts";

export const FLY_SETTINGS = {
  app: { type: "name", about: "Fly.io app of the machines.", env: "FLY_APP" },
  region: {
    type: "name",
    about: "Region of new machines.",
    default: "syd",
    env: "FLY_REGION",
  },
  ignore: {
    type: "paths",
    about: "Paths not to sync, in .gitignore syntax: node_modules, /dist.",
  },
  persist: {
    type: ["tmux", "none"],
    about:
      "tmux keeps the tool running when the connection is lost; none runs it directly on the TTY.",
    default: "tmux",
  },
  ...SIZE,
} as const satisfies Settings;
