import { describe, expect, it } from "vitest";
import { limitedAddress, parseEndpoint, renderEndpoint } from "./endpoint.ts";

describe("endpoints", () => {
  it.each([
    ["127.0.0.1:4433", "127.0.0.1", 4433],
    ["relay.example:0", "relay.example", 0],
    ["[::1]:65535", "::1", 65_535],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
  ])("%s", (text, host, port) => {
    expect(parseEndpoint(text)).toEqual({ host, port });
    expect(renderEndpoint({ host, port })).toBe(text);
  });

  it.each(["", "host", "host:", ":80", "::1:80", "[::1]", "[host]:80", "host:65536", "host:-1", "a b:1", "http://a:1"])(
    "none: %j",
    (text) => expect(parseEndpoint(text)).toBeUndefined(),
  );
});

describe("what counts against limits", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::9", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
  ])("of %s is %s", (remote, limited) => expect(limitedAddress(remote)).toBe(limited));
});
