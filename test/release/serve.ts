import { VERSION } from "../../scripts/source.ts";
import { serveReleases } from "./server.ts";

// Serves what was built until it is ended; prints the address.
console.log(serveReleases(VERSION).address);
