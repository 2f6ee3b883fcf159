import { expect, test } from "bun:test";
import { mergePorts, parsePort } from "../../src/core/ports.ts";

test.each([
  ["8080:80", "127.0.0.1", 8080, 80, "tcp"],
  ["8080:80/udp", "127.0.0.1", 8080, 80, "udp"],
  ["0.0.0.0:8080:80/tcp", "0.0.0.0", 8080, 80, "tcp"],
  ["[::1]:8080:80", "::1", 8080, 80, "tcp"],
] as const)("%s", (written, hostIp, host, guest, protocol) => {
  expect(parsePort(written, "f")).toEqual({ hostIp, host, guest, protocol, optional: false });
});

test.each(["80", "0:80", "80:65536", "a:b", "80:80/icmp", "::1:80:80", "80:80:80:80", ""])(
  "%j is refused with the file's name",
  (written) => {
    expect(() => parsePort(written, "~/silo.jsonc")).toThrow("~/silo.jsonc");
  },
);

test("a configured port replaces the tool's own", () => {
  const own = [{ ...parsePort("3484:3485", "tool"), optional: true }];
  const mine = parsePort("3484:9000", "f");
  expect(mergePorts(own, [mine, mine])).toEqual([mine]);
  expect(mergePorts(own, [parsePort("9000:9000", "f")])).toHaveLength(2);
});
