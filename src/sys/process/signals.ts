import { isTerminal } from "./tty.ts";

/** How signals to silo are forwarded to the supervised child. */
export type Actions = {
  readonly forward: (signal: NodeJS.Signals) => void;
  /** Kills it; called once. */
  readonly destroy: () => void;
  /** Whether it is in its own session, so that the terminal sends it no SIGINT. */
  readonly newSession?: boolean;
};

/** Time a tool has to exit after TERM or HUP before it is killed. */
const GRACE_MS = 10_000;
/** Delay before SIGINT is forwarded: Ctrl-C has reached the child by itself, and the handler is removed when it exits. */
const INTERRUPT_MS = 2_000;

/** Forwards signals to the child until the returned function is called. A second TERM or HUP kills it at once. */
export function supervise({ forward, destroy, newSession }: Actions): () => void {
  const timers: ReturnType<typeof setTimeout>[] = [];
  let destroyed = false;
  let ending = false;
  const force = () => {
    if (!destroyed) destroy();
    destroyed = true;
  };
  const end = (signal: NodeJS.Signals) => {
    if (ending) return force();
    ending = true;
    forward(signal);
    timers.push(setTimeout(force, GRACE_MS));
  };
  const interrupt = () => {
    const terminal = [0, 1, 2].some((fd) => isTerminal(fd));
    if (!terminal || newSession === true) return forward("SIGINT");
    timers.push(setTimeout(() => forward("SIGINT"), INTERRUPT_MS));
  };
  process.on("SIGTERM", end);
  process.on("SIGHUP", end);
  process.on("SIGINT", interrupt);
  return () => {
    process.off("SIGTERM", end);
    process.off("SIGHUP", end);
    process.off("SIGINT", interrupt);
    for (const timer of timers) clearTimeout(timer);
  };
}
