import type { ImagePlan } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";

/**
 * The error for a failed build.
 * @param noBase matches this builder's messages about a base image that it cannot pull.
 */
export function buildFailure(
  image: ImagePlan,
  detail: readonly string[],
  noBase: RegExp,
): SiloError {
  if (noBase.test(detail.join("\n"))) {
    return new SiloError("cannot pull the base image", {
      hint: "silo config show   # check image.base",
      detail,
    });
  }
  return new SiloError(`building ${image.tag} failed`, {
    hint: `silo ${image.tool} --force-build -v   # shows the whole log`,
    detail,
  });
}
