import { isTerminal } from "./tty.ts";

/** What a signal to silo does to the process that it waits for. */
export type Actions = {
  readonly forward: (signal: NodeJS.Signals) => void;
  /** Ends it by force; called once. */
  readonly destroy: () => void;
  /** Whether it is out of the terminal's reach, which then sends it nothing itself. */
  readonly apart?: boolean;
};

/** How long a tool may take to end after TERM or HUP before it is ended by force. */
const GRACE_MS = 10_000;
/** The terminal sends SIGINT to the child itself; only one that came another way is still unanswered then. */
const INTERRUPT_MS = 2_000;

/** Handles signals to silo until the returned function is called. A second TERM or HUP ends the tool at once. */
export function supervise({ forward, destroy, apart }: Actions): () => void {
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
    if (!terminal || apart === true) return forward("SIGINT");
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
