import { SIZE } from "./size.ts";

export const CONTAINER_SETTINGS = SIZE;
