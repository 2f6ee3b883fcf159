import type { Backend } from "../backend.ts";

/** The cache members of backends that mount host directories as caches. These backends share the directories. */
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
