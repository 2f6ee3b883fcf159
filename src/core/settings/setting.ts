/** The form of a setting's value; `src/config/schema.ts` has the schema of each. */
type Values = {
  readonly boolean: boolean;
  readonly command: string;
  readonly name: string;
  readonly memory: string;
  readonly "memory or none": string;
  readonly cpus: number;
  readonly count: number;
  readonly paths: readonly string[];
};

export type Scalar = string | number | boolean;

/** One setting of a backend. Its schema, default, environment variable and approval rule follow from it. */
export type Setting = {
  /** A form, or the list of the values allowed. */
  readonly type: keyof Values | readonly string[];
  /** The description in the JSON schema and in docs/configuration.md. */
  readonly about: string;
  readonly default?: Scalar;
  /** The least value of a count; 1 if absent. */
  readonly least?: number;
  /** An environment variable that overrides the files. */
  readonly env?: string;
  /** The value that a project's file may set without approval; every other value needs one. */
  readonly free?: Scalar;
  /** A note shown when the setting needs approval. */
  readonly warning?: string;
};

/** The settings of one backend, in the order of the schema and of `silo config show`. */
export type Settings = Readonly<Record<string, Setting>>;

/** The type of a setting's value. */
export type Value<S> = S extends { readonly type: keyof Values }
  ? Values[S["type"]]
  : S extends { readonly type: readonly (infer Choice)[] }
    ? Choice
    : never;
