import { readFileSync } from "node:fs";
import { watchStage } from "../../src/sys/staging/staging.ts";
import type { Pace, Stage } from "../../src/sys/staging/stage.ts";

// A silo process that keeps a stage in sync until it is killed.
const { stage, pace } = JSON.parse(readFileSync(0, "utf8")) as { stage: Stage; pace: Pace };
watchStage(stage, pace);
