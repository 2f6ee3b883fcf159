import type { ImagePlan } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";

/**
 * What a build that failed means to the user.
 * @param noBase how this builder says that it cannot fetch the base image.
 */
export function buildFailure(
  image: ImagePlan,
  detail: readonly string[],
  noBase: RegExp,
): SiloError {
  if (noBase.test(detail.join("\n"))) {
    return new SiloError("the base image cannot be fetched", {
      hint: "silo config show   # is image.base right, and its registry within reach?",
      detail,
    });
  }
  return new SiloError(`building ${image.tag} failed`, {
    hint: "silo <tool> --force-build -v   # shows the whole log",
    detail,
  });
}
