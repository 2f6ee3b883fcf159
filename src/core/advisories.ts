import { type Diagnostic } from "./diagnostic.ts";
import { isAtLeast } from "./text/version.ts";

// Published vulnerabilities of 2026 in the software that isolates tools, and the versions that fix them.

/** Docker's own profile refuses AF_ALG sockets from here on (CVE-2026-31431). */
const ENGINE_FIXED = "29.4.2";
/** CVE-2026-84042, CVE-2026-88264, CVE-2026-88265. */
const CRUN_FIXED = "1.30";
/** CVE-2026-41163: in older versions a tool inside could trace a set-user-id bwrap. */
const BWRAP_FIXED = "0.11.2";
/** CVE-2026-65388, CVE-2026-64773 and others. */
const CONTAINER_FIXED = "1.3.1";

/**
 * Kernel modules whose vulnerabilities allow writing to read-only files: Copy Fail (CVE-2026-31431), Dirty Frag
 * (CVE-2026-43284, CVE-2026-43500) and Fragnesia (CVE-2026-46300).
 */
export const KERNEL_MODULES = ["algif_aead", "esp4", "esp6", "rxrpc"] as const;
/** Day on which the last of these and its fix were published. */
const KERNEL_FIXED = Date.UTC(2026, 4, 14);
/** Build dates before this one are ignored, because reproducible builds have an arbitrary date. */
const NO_DATE = Date.UTC(2000, 0, 1);

/** Version and modules of a kernel. */
export type KernelFacts = {
  /** `uname -r`. */
  readonly release: string;
  /** `uname -v`, which ends with the build date. */
  readonly version: string;
  /** The `KERNEL_MODULES` that are loaded or built in, and those that the kernel would load on demand. */
  readonly present: readonly string[];
  readonly loadable: readonly string[];
};

/** Which profile filters system calls: silo's for runs, the engine's own for builds. */
export function filterDiagnostic(engine: "docker" | "podman", version: string): Diagnostic {
  const open = engine === "podman" || (version !== "" && !isAtLeast(version, ENGINE_FIXED));
  const own =
    engine === "podman" ? "podman's own" : open ? `that of Docker ${version}` : "Docker's own";
  return {
    check: `${engine} seccomp`,
    state: "ok",
    detail: `silo's profile for runs; ${own} for builds${open ? ", which allows AF_ALG sockets (CVE-2026-31431)" : ""}`,
  };
}

/**
 * A warning about a vulnerable crun; undefined if it is fixed.
 * @param version as printed by `crun --version` or the engine.
 */
export function crunAdvisory(version: string): Diagnostic | undefined {
  const found = numberIn(version);
  if (found === undefined || isAtLeast(found, CRUN_FIXED)) return undefined;
  return {
    check: "crun",
    state: "warn",
    detail: `crun ${found} has known vulnerabilities (CVE-2026-84042, CVE-2026-88264, CVE-2026-88265); ${CRUN_FIXED} fixes them`,
    fix: "sudo apt-get install --only-upgrade crun   # or your distribution's command",
  };
}

/**
 * An error for a set-user-id bwrap that is vulnerable to CVE-2026-41163; undefined for any other one.
 * @param version as printed by `bwrap --version`.
 * @param setuid whether its file has the set-user-id bit and belongs to root.
 */
export function bwrapAdvisory(version: string, setuid: boolean): Diagnostic | undefined {
  const found = numberIn(version) ?? "0";
  if (!setuid || isAtLeast(found, BWRAP_FIXED)) return undefined;
  return {
    check: "bwrap",
    state: "bad",
    detail: `bwrap ${found} is installed set-user-id and can be taken over from inside (CVE-2026-41163); ${BWRAP_FIXED} fixes it`,
    fix: 'sudo chmod u-s "$(command -v bwrap)"   # where user namespaces are allowed; else upgrade bubblewrap',
  };
}

/** A warning about a vulnerable Apple `container`; undefined if it is fixed. */
export function containerAdvisory(version: string): Diagnostic | undefined {
  if (isAtLeast(version, CONTAINER_FIXED)) return undefined;
  return {
    check: "container",
    state: "warn",
    detail: `container ${version} has known vulnerabilities, such as CVE-2026-65388; ${CONTAINER_FIXED} fixes them`,
    fix: "brew upgrade container",
  };
}

/** Whether this kernel has or can load a vulnerable module, and is older than the fixes. */
export function kernelDiagnostic(facts: KernelFacts): Diagnostic {
  const check = "kernel";
  const { release, present, loadable } = facts;
  const modules = [...present, ...loadable];
  if (modules.length === 0) {
    return { check, state: "ok", detail: `Linux ${release}, without ${KERNEL_MODULES.join(", ")}` };
  }
  const names = `${modules.join(", ")} (${present.length > 0 ? "loaded" : "loadable"})`;
  const built = builtOn(facts.version);
  if (built === undefined || built >= KERNEL_FIXED) {
    const day = built === undefined ? "of an unknown day" : `of ${dayOf(built)}`;
    return { check, state: "ok", detail: `Linux ${release} ${day}, with ${names}` };
  }
  return {
    check,
    state: "warn",
    detail: `Linux ${release} of ${dayOf(built)} is older than the fixes of May 2026 for ${names}: a local program can become root; silo's seccomp filter blocks this in sandboxes`,
    fix: "sudo apt-get upgrade && sudo reboot   # or your distribution's command",
  };
}

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The build date in `… Thu Mar 19 15:09:20 UTC 2026` (Ubuntu, Fedora, Arch) or `… Debian 6.1.170-1 (2026-05-12)`. */
function builtOn(version: string): number | undefined {
  const iso = /\((\d{4})-(\d{2})-(\d{2})\)/.exec(version);
  const text = /\b([A-Z][a-z]{2}) +(\d{1,2}) [\d:]{8} \S+ (\d{4})\b/.exec(version);
  const time =
    iso !== null
      ? Date.UTC(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]))
      : text !== null
        ? Date.UTC(Number(text[3]), MONTHS.indexOf(text[1] ?? ""), Number(text[2]))
        : Number.NaN;
  return time > NO_DATE ? time : undefined;
}

function numberIn(text: string): string | undefined {
  return /\d+(?:\.\d+)+/.exec(text)?.[0];
}
