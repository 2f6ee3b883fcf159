import { SiloError } from "../../errors.ts";
import { lastLines } from "../remote/errors.ts";

/** The app and region for error messages. */
export type FlyNames = { readonly app: string; readonly region: string };

type Rule = {
  readonly text: RegExp;
  readonly message: string | ((names: FlyNames) => string);
  readonly hint: string | ((names: FlyNames) => string);
};

/** The hint for a machine that SSH does not reach. */
export const UNREACHABLE_HINT =
  "fly doctor   # fly agent restart, or: fly wireguard websockets enable";

/** The hint for a missing `backends.fly.app`. */
export const APP_HINT =
  'fly apps create <name> --network silo   # then "backends": { "fly": { "app": "<name>" } }';

/** Known errors of flyctl and Fly's API. They are recognised by their text, since neither has error codes (flyctl 2026-08, fly-go v0.9.6). */
const RULES: readonly Rule[] = [
  {
    text: /no access token available|must be authenticated|not logged in|token (is )?(expired|invalid)|login.*expired/i,
    message: "not signed in to Fly.io",
    hint: "fly auth login",
  },
  {
    text: /not authorized|unauthorized|ssh certificate|create ssh cert/i,
    message: "not authorized by Fly.io; deploy tokens cannot open SSH",
    hint: "fly auth login   # or: fly tokens create org",
  },
  {
    text: /could not find app|app not found|app name .* could not be found|did you create the app|prompt: non interactive/i,
    message: ({ app }) => `Fly.io app "${app}" not found, or not accessible with this account`,
    hint: ({ app }) => `fly apps create ${app} --network silo`,
  },
  {
    text: /region .*(not found|invalid|unknown)|(invalid|unknown) region/i,
    message: ({ region }) => `unknown Fly.io region "${region}"`,
    hint: "fly platform regions   # then set backends.fly.region in silo.jsonc",
  },
  {
    text: /quota|allowed .*(machines|limit)|over the allowed/i,
    message: "machine quota of your Fly.io organisation reached",
    hint: "silo rm   # or ask Fly.io for a higher limit",
  },
  {
    text: /insufficient (resources|memory|capacity)|no capacity|lack of capacity|could not reserve resource/i,
    message: ({ region }) => `no capacity in Fly.io region "${region}"`,
    hint: "FLY_REGION=fra silo ...   # or another region of: fly platform regions",
  },
  {
    text: /payment|credit card|billing|trial/i,
    message: "Fly.io requires a payment method",
    hint: "fly dashboard",
  },
  {
    text: /unknown flag|unknown command/i,
    message: "this version of flyctl does not support what silo needs",
    hint: "brew upgrade flyctl silo",
  },
  {
    text: /tunnel unavailable|wireguard|failed probing|error connecting to ssh|failed to get (active )?tunnel|dial tcp/i,
    message: "Fly.io's private network is not reachable",
    hint: UNREACHABLE_HINT,
  },
];

/**
 * The error for a failed flyctl command.
 * @param text its output.
 * @param what the step: `starting the machine`.
 */
export function flyError(text: string, what: string, names: FlyNames): SiloError {
  const detail = lastLines(text);
  const rule = RULES.find((known) => known.text.test(text));
  if (rule === undefined) return new SiloError(`${what} failed`, { detail, hint: "silo doctor" });
  const { message, hint } = rule;
  return new SiloError(typeof message === "string" ? message : message(names), {
    hint: typeof hint === "string" ? hint : hint(names),
    detail,
  });
}

/** The error for a missing flyctl. */
export function flyMissing(): SiloError {
  return new SiloError('the command "fly" is not installed; Fly.io machines need it', {
    hint: "brew install flyctl   # or see fly.io/docs/flyctl/install",
  });
}

/** Whether the image is missing from the app's registry. */
export function isImageMissing(text: string): boolean {
  return /could not find image|manifest unknown|image .*not found|failed to get manifest/i.test(
    text,
  );
}

/** Whether another machine of the app has the same name (fly-go issue 306). */
export function isNameTaken(text: string): boolean {
  return /name .*(already (been )?(taken|in use|exists)|taken|not unique)|already exists.*name|unique.*name/i.test(
    text,
  );
}
