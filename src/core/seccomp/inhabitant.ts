/** Who a tool is inside. */
export type Inhabitant = "root" | "user";

export const inhabitantOf = (uid: number): Inhabitant => (uid === 0 ? "root" : "user");
