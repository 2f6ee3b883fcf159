/**
 * The parser alone. The package's main module also loads the formatter, which builds 1,200 strings at each start.
 * Deno does not resolve the extensionless imports in this file, so deno.json maps it to the main module.
 */
declare module "jsonc-parser/lib/esm/impl/parser.js" {
  export { findNodeAtLocation, parse, parseTree } from "jsonc-parser";
}
