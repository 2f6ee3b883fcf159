/** The user that a tool runs as in the sandbox. */
export type Inhabitant = "root" | "user";

export const inhabitantOf = (uid: number): Inhabitant => (uid === 0 ? "root" : "user");
