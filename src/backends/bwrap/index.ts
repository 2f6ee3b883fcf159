import type { Config } from "../../core/config.ts";
import { xdgDirectories } from "../../core/paths.ts";
import { SiloError } from "../../errors.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import type { Backend, Instance } from "../backend.ts";
import { hostCachesOf } from "../engine/host-caches.ts";
import { limitsFrom, memoryLimit } from "./limits.ts";
import { running, type Running } from "./state.ts";

/** How long a sandbox that was killed may take to be gone. */
const GONE_MS = 5_000;

function info({ workdir: _workdir, pid, started: _started, ...record }: Running): Instance {
  return {
    id: record.session,
    ...record,
    backend: "bwrap",
    status: `running (process ${pid})`,
    running: true,
  };
}

/** Tools in sandboxes of Linux namespaces, by bubblewrap: no engine, no image, the host's own programs. */
export function open(config: Config): Backend {
  const here = readEnvironment();
  const { state, cache, data } = xdgDirectories(here.home, here.env);
  const limited = () => {
    const limits = limitsFrom(config);
    return { limits, memory: memoryLimit(limits, here.uid) };
  };
  const remove = async (wanted: (each: Running) => boolean) => {
    const { kill } = await import("./run.ts");
    const end = performance.now() + GONE_MS;
    for (;;) {
      const left = (await running(state)).filter(wanted);
      if (left.length === 0) return;
      if (performance.now() > end)
        throw new SiloError(`${left[0]?.name} does not end`, { hint: `kill -9 ${left[0]?.pid}` });
      for (const { pid } of left) kill(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    name: "bwrap",
    abilities: { files: "direct" },
    warnings: [],
    autoDetectNotice:
      "there is no engine here, so the tool runs in a bwrap sandbox: it sees this machine's /usr and network, and shares its kernel",
    takenNames: async () => (await running(state)).map(({ name }) => name),
    check: async (plan) => {
      const [{ checkPorts }, { hostView }] = await Promise.all([
        import("./run.ts"),
        import("./host.ts"),
      ]);
      checkPorts(plan);
      await hostView();
    },
    hasImage: async (tag) => (await import("./build.ts")).isBuilt(cache, tag),
    preview: async (plan, session) => {
      const { preview } = await import("./preview.ts");
      return await preview(plan, session, { state, cache, ...limited() });
    },
    run: async (plan, session) => {
      const [{ runPlan }, { hostView }] = await Promise.all([
        import("./run.ts"),
        import("./host.ts"),
      ]);
      return await runPlan(plan, session, { view: await hostView(), state, cache, ...limited() });
    },
    build: async (image, options) => {
      const [{ buildImage }, { hostView }] = await Promise.all([
        import("./build.ts"),
        import("./host.ts"),
      ]);
      await buildImage(image, await hostView(), cache, options);
    },
    survivesHangup: () => false,
    exec: async (instance, argv, tty) => {
      const { execIn } = await import("./exec.ts");
      return await execIn(await recordOf(state, instance), argv, tty, {
        cache,
        limits: limitsFrom(config),
      });
    },
    list: async () => (await running(state)).map(info),
    remove: async (instances) => {
      const ids = new Set(instances.map(({ id }) => id));
      await remove(({ session }) => ids.has(session));
      return [];
    },
    reap: async (sessions) => {
      await remove(({ session }) => sessions.includes(session));
      const [{ processesOf }, { killAll }] = await Promise.all([
        import("./inside.ts"),
        import("../../sys/process/marks.ts"),
      ]);
      killAll(processesOf(sessions));
      return [];
    },
    ...hostCachesOf(data),
    images: async () => await (await import("./images.ts")).images(cache, state),
    removeImages: async (references) => {
      const used = new Set((await running(state)).map(({ image }) => image));
      return await (await import("./images.ts")).removeImages(cache, references, used);
    },
  };
}

async function recordOf(state: string, { id, name }: Instance): Promise<Running> {
  const found = (await running(state)).find(({ session }) => session === id);
  if (found === undefined) throw new SiloError(`${name} has ended`, { hint: "silo ls" });
  return found;
}
