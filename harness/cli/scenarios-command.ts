/** `zerok scenarios`: the catalogue, or one row of it in full. */
import { rowFidelity, type RowFidelity } from "../../scenarios/fidelity.ts";
import type { Backend, Scenario } from "../../scenarios/scenario.ts";
import { chooseScenario } from "./choose-scenarios.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { FIDELITY_TABLES } from "./fidelity-tables.ts";
import type { Io } from "./io.ts";
import { createPaint, type Paint } from "./paint.ts";
import type { Services } from "./services.ts";
import { renderTable, shorten } from "./table.ts";

export interface ScenariosArguments {
  readonly id: string | undefined;
  readonly json: boolean;
  /** Ids alone. */
  readonly quiet: boolean;
}

export async function runScenariosCommand(args: ScenariosArguments, io: Io, services: Services): Promise<ExitCode> {
  const paint = createPaint(io.hasColor);
  if (args.id === undefined) {
    const rows = services.catalogue.all;
    if (args.json) io.out(`${JSON.stringify(rows.map(toJson), undefined, 2)}\n`);
    else io.out(args.quiet ? rows.map(({ id }) => `${id}\n`).join("") : renderCatalogue(paint, rows, io.columns));
  } else {
    const row = chooseScenario(services.catalogue, args.id);
    io.out(args.json ? `${JSON.stringify(toJson(row), undefined, 2)}\n` : renderScenario(paint, row));
  }
  return EXIT.valid;
}

function fidelityOf(scenario: Scenario, backend: Backend): RowFidelity {
  return rowFidelity(scenario, backend, FIDELITY_TABLES[backend]) ?? { fidelity: "later", lacks: [] };
}

function toJson(scenario: Scenario): object {
  const { id, title, mustHold, source, backends, plan } = scenario;
  const rows = backends.map((backend) => [backend, fidelityOf(scenario, backend)] as const);
  return {
    id,
    title,
    mustHold,
    source,
    isBuilt: plan !== undefined,
    backends: Object.fromEntries(rows.map(([backend, { fidelity }]) => [backend, fidelity])),
    lacks: Object.fromEntries(rows.map(([backend, { lacks }]) => [backend, lacks])),
  };
}

function renderBackends(paint: Paint, scenario: Scenario): string {
  const each = scenario.backends.map((backend) => {
    const { fidelity } = fidelityOf(scenario, backend);
    return fidelity === "later" ? paint.dim(`${backend} later`) : paint.green(`${backend} ${fidelity}`);
  });
  return each.join(", ");
}

function renderCatalogue(paint: Paint, rows: readonly Scenario[], width: number): string {
  const built = rows.filter((row) => row.plan !== undefined);
  const columns = [
    { head: "id" },
    { head: "title", isElastic: true },
    { head: "source", isElastic: true },
    { head: "backends" },
  ];
  const table = renderTable(
    paint,
    columns,
    rows.map((row) => [row.id, shorten(row.title, 46), shorten(row.source, 20), renderBackends(paint, row)]),
    width,
  );
  return `${table}\n${rows.length} scenarios, ${built.length} of them built. One in full: npx zerok scenarios ${built[0]?.id ?? rows[0]?.id ?? "ID"}\n`;
}

function renderScenario(paint: Paint, scenario: Scenario): string {
  const lines = [
    `${paint.bold(scenario.id)}  ${scenario.title}`,
    "",
    `must hold  ${scenario.mustHold}`,
    `source     ${scenario.source}`,
    `backends   ${renderBackends(paint, scenario)}`,
  ];
  if (scenario.plan !== undefined) lines.push("", `Run it: npx zerok sim ${scenario.id} --seed 0x1`);
  return `${lines.join("\n")}\n`;
}
