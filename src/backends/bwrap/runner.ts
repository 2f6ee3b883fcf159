import { SiloError } from "../../errors.ts";
import { killAll } from "../../sys/process/marks.ts";
import type { Backend, Instance } from "../backend.ts";
import { buildImage, isBuilt } from "./build.ts";
import { execIn } from "./exec.ts";
import { hostView } from "./host.ts";
import { images, removeImages } from "./images.ts";
import { processesOf } from "./inside.ts";
import { memoryLimit, type Limits } from "./limits.ts";
import { preview } from "./preview.ts";
import { checkPorts, runPlan } from "./run.ts";
import { running, type Running } from "./state.ts";

/** The XDG directories, the user and the configured limits. */
type Settings = {
  readonly state: string;
  readonly cache: string;
  readonly uid: number;
  readonly limits: Limits;
};

/** The members of the backend that build, run and enter sandboxes. They are loaded on use, because `silo ls` does not need them. */
export function bwrapRunner({ state, cache, uid, limits }: Settings) {
  const limited = () => ({ state, cache, limits, memory: memoryLimit(limits, uid) });
  return {
    check: async (plan) => {
      checkPorts(plan);
      await hostView();
    },
    hasImage: (tag) => Promise.resolve(isBuilt(cache, tag)),
    preview: (plan, session) => preview(plan, session, limited()),
    run: async (plan, session) =>
      await runPlan(plan, session, { view: await hostView(), ...limited() }),
    build: async (image, options) => {
      await buildImage(image, await hostView(), cache, options);
    },
    exec: async (instance, argv, tty) =>
      await execIn(await recordOf(state, instance), argv, tty, { cache, limits }),
    reap: (sessions) => {
      killAll(processesOf(sessions));
      return Promise.resolve([]);
    },
    images: () => images(cache, state),
    removeImages: async (references) => {
      const used = new Set((await running(state)).map(({ image }) => image));
      return await removeImages(cache, references, used);
    },
  } satisfies Partial<Backend>;
}

async function recordOf(state: string, { id, name }: Instance): Promise<Running> {
  const found = (await running(state)).find(({ session }) => session === id);
  if (found === undefined) throw new SiloError(`${name} is no longer running`, { hint: "silo ls" });
  return found;
}
