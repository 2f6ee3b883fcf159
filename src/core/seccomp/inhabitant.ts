/** The user that a tool runs as inside. */
export type Inhabitant = "root" | "user";

export const inhabitantOf = (uid: number): Inhabitant => (uid === 0 ? "root" : "user");
