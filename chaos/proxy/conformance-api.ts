/** Cases of the conformance suite: what the HTTP API answers. */
import { check, checkSame, fields, NOWHERE, shown } from "./conformance-desk.ts";
import type { ConformanceDesk } from "./conformance-desk.ts";

export type Case = readonly [name: string, run: (desk: ConformanceDesk) => Promise<void>];

export const API_CASES: readonly Case[] = [
  [
    "GET /version tells a version",
    async (desk) => {
      const { version } = fields(await desk.expect(200, "GET", "/version"));
      check(typeof version === "string" && /^2\.\d+\.\d+/.test(version), `version ${String(version)}`);
    },
  ],
  [
    "a proxy is created enabled, and shows the port that it was given",
    async (desk) => {
      const name = desk.name();
      desk.forget(name);
      const created = shown(
        await desk.expect(201, "POST", "/proxies", { name, listen: "localhost:0", upstream: NOWHERE }),
      );
      const { listen } = created;
      check(typeof listen === "string" && /^127\.0\.0\.1:[1-9]\d*$/.test(listen), `listen ${String(listen)}`);
      checkSame(created, { name, listen, upstream: NOWHERE, enabled: true, toxics: [] }, "created");
      checkSame(shown(await desk.expect(200, "GET", `/proxies/${name}`)), created, "shown");
      checkSame(shown(fields(await desk.expect(200, "GET", "/proxies"))[name]), created, "listed");
    },
  ],
  [
    "a proxy that is created disabled keeps its address unresolved and does not listen",
    async (desk) => {
      const name = desk.name();
      desk.forget(name);
      const body = { name, listen: "127.0.0.1:0", upstream: NOWHERE, enabled: false };
      checkSame(shown(await desk.expect(201, "POST", "/proxies", body)), { ...body, toxics: [] }, "created");
    },
  ],
  [
    "what is missing or no JSON is said with 400",
    async (desk) => {
      await desk.refuse(400, "missing required field: name", "POST", "/proxies", { upstream: NOWHERE });
      await desk.refuse(400, "missing required field: upstream", "POST", "/proxies", { name: desk.name() });
      await desk.refuse(400, "missing required field: name", "POST", "/proxies", "null");
      for (const body of ["", "{", "[]", '"text"', '{"name": 1}', '{"name": "x", "enabled": "yes"}']) {
        await desk.refuse(400, "bad request body: …", "POST", "/proxies", body);
      }
    },
  ],
  [
    "a name is taken once",
    async (desk) => {
      const { name } = await desk.proxy();
      await desk.refuse(409, "proxy already exists", "POST", "/proxies", { name, upstream: NOWHERE });
    },
  ],
  [
    "where it cannot listen, a proxy is not created",
    async (desk) => {
      const { address } = await desk.listener();
      const name = desk.name();
      for (const listen of [address, "127.0.0.1", "127.0.0.1:70000", "a:b:c"]) {
        await desk.refuse(500, "…", "POST", "/proxies", { name, listen, upstream: NOWHERE });
      }
      await desk.refuse(404, "proxy not found", "GET", `/proxies/${name}`);
    },
  ],
  [
    "an unknown proxy or toxic is 404 for every method",
    async (desk) => {
      for (const [method, path] of [
        ["GET", ""],
        ["PATCH", ""],
        ["POST", ""],
        ["DELETE", ""],
        ["GET", "/toxics"],
        ["POST", "/toxics"],
      ]) {
        await desk.refuse(404, "proxy not found", method!, `/proxies/nobody${path}`, method === "GET" ? undefined : {});
      }
      const { name } = await desk.proxy();
      for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
        const body = method === "GET" ? undefined : {};
        await desk.refuse(404, "toxic not found", method, `/proxies/${name}/toxics/nothing`, body);
      }
    },
  ],
  [
    "fields are known in any case, null and unknown ones count for nothing",
    async (desk) => {
      const name = desk.name();
      desk.forget(name);
      const body = { NAME: name, Listen: "127.0.0.1:0", upstream: NOWHERE, enabled: null, other: 1 };
      checkSame(fields(await desk.expect(201, "POST", "/proxies", body))["enabled"], true, "enabled");
    },
  ],
  [
    "a proxy changes by PATCH and by POST, only in what is named",
    async (desk) => {
      const { name, listen, behind } = await desk.proxy();
      const base = { name, listen, upstream: behind.address, toxics: [] };
      checkSame(
        shown(await desk.expect(200, "PATCH", `/proxies/${name}`, { enabled: false })),
        { ...base, enabled: false },
        "off",
      );
      checkSame(
        shown(await desk.expect(200, "POST", `/proxies/${name}`, { enabled: true })),
        { ...base, enabled: true },
        "on",
      );
      const moved = { ...base, enabled: true, upstream: NOWHERE };
      checkSame(
        shown(await desk.expect(200, "PATCH", `/proxies/${name}`, { upstream: NOWHERE, name: "x" })),
        moved,
        "moved",
      );
      await desk.refuse(500, "…", "PATCH", `/proxies/${name}`, { listen: "nonsense" });
      await desk.refuse(400, "bad request body: …", "PATCH", `/proxies/${name}`, "{");
      checkSame(shown(await desk.expect(200, "GET", `/proxies/${name}`)), moved, "after refusals");
    },
  ],
  [
    "a proxy that cannot listen where it was moved to is left disabled",
    async (desk) => {
      const { name } = await desk.proxy();
      const { address } = await desk.listener();
      await desk.refuse(500, "…", "PATCH", `/proxies/${name}`, { listen: address });
      const after = fields(await desk.expect(200, "GET", `/proxies/${name}`));
      checkSame([after["enabled"], after["listen"]], [false, address], "enabled, listen");
    },
  ],
  [
    "a deleted proxy is gone",
    async (desk) => {
      const { name, listen } = await desk.proxy();
      const answer = await desk.ask("DELETE", `/proxies/${name}`);
      checkSame([answer.status, answer.text], [204, ""], "answer");
      await desk.refuse(404, "proxy not found", "GET", `/proxies/${name}`);
      checkSame(await desk.dial(listen).catch((error: Error) => error.message), "ECONNREFUSED", "its port");
    },
  ],
  [
    "populate creates what is not there and leaves alone what is there with the same addresses",
    async (desk) => {
      const present = await desk.proxy();
      await desk.toxic(present, { type: "latency" });
      await desk.expect(200, "PATCH", `/proxies/${present.name}`, { enabled: false });
      const fresh = { name: desk.name(), listen: "127.0.0.1:0", upstream: NOWHERE, enabled: false };
      desk.forget(fresh.name);
      const same = { name: present.name, listen: present.listen, upstream: present.behind.address };
      const { proxies } = fields(await desk.expect(201, "POST", "/populate", [same, fresh]));
      const standing = (proxies as Record<string, unknown>[]).map(({ name, enabled }) => [name, enabled]);
      checkSame(
        standing,
        [
          [present.name, false],
          [fresh.name, false],
        ],
        "names, enabled",
      );
      checkSame(
        ((proxies as Record<string, unknown>[])[0]!["toxics"] as unknown[]).length,
        1,
        "toxics of the present one",
      );
    },
  ],
  [
    "populate replaces what has other addresses, toxics included",
    async (desk) => {
      const present = await desk.proxy();
      await desk.toxic(present, { type: "latency" });
      const other = { name: present.name, listen: "127.0.0.1:0", upstream: NOWHERE };
      await desk.expect(201, "POST", "/populate", [other]);
      const after = fields(await desk.expect(200, "GET", `/proxies/${present.name}`));
      checkSame([after["upstream"], after["toxics"]], [NOWHERE, []], "upstream, toxics");
    },
  ],
  [
    "populate says which proxy lacks what, does nothing then, and gives what it did when one cannot listen",
    async (desk) => {
      const good = { name: desk.name(), listen: "127.0.0.1:0", upstream: NOWHERE };
      desk.forget(good.name);
      const nameless = fields(await desk.expect(400, "POST", "/populate", [good, { upstream: NOWHERE }]));
      const lacks = "missing required field: name at proxy 2";
      checkSame(nameless, { error: lacks, status: 400, proxies: null }, "nameless");
      await desk.refuse(400, "missing required field: upstream at proxy 1", "POST", "/populate", [{ name: "x" }]);
      await desk.refuse(404, "proxy not found", "GET", `/proxies/${good.name}`);
      const { address } = await desk.listener();
      const bad = { name: desk.name(), listen: address, upstream: NOWHERE };
      const partly = fields(await desk.expect(500, "POST", "/populate", [good, bad]));
      checkSame(
        (partly["proxies"] as Record<string, unknown>[]).map(({ name }) => name),
        [good.name],
        "done",
      );
      checkSame(await desk.expect(201, "POST", "/populate", []), { proxies: null }, "nothing to do");
      await desk.refuse(400, "bad request body: …", "POST", "/populate", {});
    },
  ],
  [
    "a toxic has a name, a stream and a toxicity of its own accord, and every attribute",
    async (desk) => {
      const { name } = await desk.proxy();
      const defaults: readonly [string, object][] = [
        ["latency", { latency: 0, jitter: 0 }],
        ["bandwidth", { rate: 0 }],
        ["slow_close", { delay: 0 }],
        ["timeout", { timeout: 0 }],
        ["reset_peer", { timeout: 0 }],
        ["limit_data", { bytes: 0 }],
        ["noop", {}],
      ];
      for (const [type, attributes] of defaults) {
        const expected = { attributes, name: `${type}_downstream`, type, stream: "downstream", toxicity: 1 };
        checkSame(await desk.expect(200, "POST", `/proxies/${name}/toxics`, { type }), expected, type);
      }
      const slicer = { average_size: 10, size_variation: 2, delay: 3 };
      const body = { name: "mine", type: "slicer", stream: "upstream", toxicity: 0.5, attributes: slicer };
      checkSame(await desk.expect(200, "POST", `/proxies/${name}/toxics`, body), body, "slicer");
      checkSame(await desk.expect(200, "GET", `/proxies/${name}/toxics/mine`), body, "shown");
      const listed = (await desk.expect(200, "GET", `/proxies/${name}/toxics`)) as Record<string, unknown>[];
      const order = ["mine", ...defaults.map(([type]) => `${type}_downstream`)];
      checkSame(
        listed.map((toxic) => toxic["name"]),
        order,
        "upstream first, then in the order of adding",
      );
      checkSame(fields(await desk.expect(200, "GET", `/proxies/${name}`))["toxics"], listed, "toxics of the proxy");
    },
  ],
  [
    "a toxic that cannot be is refused",
    async (desk) => {
      const { name } = await desk.proxy();
      const path = `/proxies/${name}/toxics`;
      const stream = "stream was invalid, can be either upstream or downstream";
      await desk.refuse(400, stream, "POST", path, { type: "latency", stream: "sideways" });
      await desk.refuse(400, stream, "POST", path, { type: "nonsense", stream: "sideways" });
      for (const type of ["nonsense", "down", ""]) await desk.refuse(400, "invalid toxic type", "POST", path, { type });
      for (const attributes of [[], 7, "x", { latency: "long" }, { latency: 1.5 }]) {
        await desk.refuse(400, "bad request body: …", "POST", path, { type: "latency", attributes });
      }
      for (const body of ["", "{", "[]", { type: 1 }, { type: "latency", toxicity: "all" }]) {
        await desk.refuse(400, "bad request body: …", "POST", path, body);
      }
      checkSame(await desk.expect(200, "GET", path), [], "toxics");
    },
  ],
  [
    "a toxic's name is taken once over both streams",
    async (desk) => {
      const { name } = await desk.proxy();
      const path = `/proxies/${name}/toxics`;
      await desk.expect(200, "POST", path, { name: "one", type: "latency", stream: "upstream" });
      await desk.refuse(409, "toxic already exists", "POST", path, { name: "one", type: "timeout" });
    },
  ],
  [
    "a stream is known in any case and given back as it was written",
    async (desk) => {
      const { name } = await desk.proxy();
      const added = fields(
        await desk.expect(200, "POST", `/proxies/${name}/toxics`, { type: "latency", stream: "UpStream" }),
      );
      checkSame([added["stream"], added["name"]], ["UpStream", "latency_UpStream"], "stream, name");
    },
  ],
  [
    "a toxic changes in attributes and toxicity, only in what is named",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "latency", attributes: { latency: 5, jitter: 2 } });
      const base = { name: "latency_downstream", type: "latency", stream: "downstream" };
      const body = { type: "timeout", stream: "upstream", attributes: { latency: 9 } };
      const changed = { ...base, toxicity: 1, attributes: { latency: 9, jitter: 2 } };
      checkSame(await desk.expect(200, "POST", path, body), changed, "attributes");
      const rarer = { ...changed, toxicity: 0.25 };
      checkSame(await desk.expect(200, "PATCH", path, { toxicity: 0.25 }), rarer, "toxicity");
      checkSame(await desk.expect(200, "PATCH", path, {}), rarer, "nothing");
      await desk.refuse(400, "bad request body: …", "PATCH", path, { attributes: { latency: "long" } });
      checkSame(await desk.expect(200, "GET", path), rarer, "after a refusal");
    },
  ],
  [
    "a removed toxic is gone",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "latency" });
      const answer = await desk.ask("DELETE", path);
      checkSame([answer.status, answer.text], [204, ""], "answer");
      checkSame(await desk.expect(200, "GET", `/proxies/${proxy.name}/toxics`), [], "toxics");
    },
  ],
  [
    "reset enables every proxy and removes every toxic",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "latency", stream: "upstream" });
      await desk.toxic(proxy, { type: "timeout" });
      await desk.expect(200, "PATCH", `/proxies/${proxy.name}`, { enabled: false });
      const answer = await desk.ask("POST", "/reset");
      checkSame([answer.status, answer.text], [204, ""], "answer");
      const after = fields(await desk.expect(200, "GET", `/proxies/${proxy.name}`));
      checkSame([after["enabled"], after["toxics"]], [true, []], "enabled, toxics");
    },
  ],
  [
    "a browser is turned away",
    async (desk) => {
      const answer = await desk.ask("GET", "/version", undefined, { "User-Agent": "Mozilla/5.0 (X11)" });
      checkSame(answer.status, 403, "status");
    },
  ],
];
