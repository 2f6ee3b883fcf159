import type { Backend } from "../backend.ts";

/** The caches of backends that mount directories of the host; they share these. */
export function hostCachesOf(data: string): Pick<Backend, "caches" | "removeCaches"> {
  const load = () => import("../../sys/files/caches.ts");
  return {
    caches: async () => (await load()).hostCaches(data),
    removeCaches: async (references) => {
      const { removeHostCache } = await load();
      for (const reference of references) await removeHostCache(reference);
      return [];
    },
  };
}
