import { SiloError } from "../../errors.ts";

type Rule = {
  readonly text: RegExp;
  readonly message: (app: string) => string;
  readonly hint: (app: string) => string;
};

const fixed = (text: string) => () => text;

/** What flyctl and Fly's machines answer, by its text: nothing finer is told (contracts of flyctl 2026-08, fly-go v0.9.6). */
const RULES: readonly Rule[] = [
  {
    text: /no access token available|must be authenticated|not logged in|token (is )?(expired|invalid)|login.*expired/i,
    message: fixed("not signed in to Fly.io"),
    hint: fixed("fly auth login"),
  },
  {
    text: /not authorized|unauthorized|ssh certificate|create ssh cert/i,
    message: fixed("this token may not do that: tokens for deploying cannot open SSH"),
    hint: fixed("fly auth login   # or: fly tokens create org"),
  },
  {
    text: /could not find app|app not found|app name .* could not be found|did you create the app|prompt: non interactive/i,
    message: (app) => `there is no Fly.io app "${app}" that you can see`,
    hint: (app) => `fly apps create ${app} --network silo`,
  },
  {
    text: /region .*(not found|invalid|unknown)|(invalid|unknown) region/i,
    message: fixed("Fly.io does not know that region"),
    hint: fixed("fly platform regions   # then set backends.fly.region"),
  },
  {
    text: /quota|allowed .*(machines|limit)|over the allowed/i,
    message: fixed("your organisation may have no more machines"),
    hint: fixed("silo ls   # and remove some, or ask Fly.io for a higher limit"),
  },
  {
    text: /insufficient (resources|memory|capacity)|no capacity|lack of capacity|could not reserve resource/i,
    message: fixed("there is no room in that region"),
    hint: fixed("FLY_REGION=fra silo ...   # fly platform regions lists them"),
  },
  {
    text: /payment|credit card|billing|trial/i,
    message: fixed("Fly.io wants to be paid first"),
    hint: fixed("fly dashboard"),
  },
  {
    text: /unknown flag|unknown command/i,
    message: fixed("this fly command is too old for silo, or too new"),
    hint: fixed("brew upgrade flyctl silo"),
  },
  {
    text: /tunnel unavailable|wireguard|failed probing|error connecting to ssh|failed to get (active )?tunnel|dial tcp/i,
    message: fixed("Fly.io's private network does not answer"),
    hint: fixed("fly doctor   # fly agent restart, or: fly wireguard websockets enable"),
  },
];

const LAST_LINES = 20;

/** The words themselves, for people. */
export function lastLines(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines.filter((line) => line !== "").slice(-LAST_LINES);
}

/** What a failure of flyctl means to the user. */
export function flyError(text: string, what: string, app: string): SiloError {
  const detail = lastLines(text);
  const rule = RULES.find((known) => known.text.test(text));
  if (rule === undefined) return new SiloError(`${what} failed`, { detail, hint: "silo doctor" });
  return new SiloError(rule.message(app), { hint: rule.hint(app), detail });
}

const INSTALL = {
  fly: "brew install flyctl   # or see fly.io/docs/flyctl/install",
  mutagen: "brew install mutagen-io/mutagen/mutagen",
  ssh: "install OpenSSH's client: brew install openssh, apt-get install openssh-client",
} as const;

export function missingProgram(program: keyof typeof INSTALL): SiloError {
  return new SiloError(`the command "${program}" is not installed, and Fly.io machines need it`, {
    hint: INSTALL[program],
  });
}

/** The image is not in the app's registry. */
export function isImageMissing(text: string): boolean {
  return /could not find image|manifest unknown|image .*not found|failed to get manifest/i.test(
    text,
  );
}

/** Another machine of the app has that name (fly-go issue 306). */
export function isNameTaken(text: string): boolean {
  return /name .*(already (been )?(taken|in use|exists)|taken|not unique)|already exists.*name|unique.*name/i.test(
    text,
  );
}
