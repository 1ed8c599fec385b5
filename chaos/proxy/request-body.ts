/**
 * Bodies of requests, read as Go's decoder reads them, for that is what clients were written against: names of fields
 * in any case, `null` and unknown fields leave the default, a value of another type is an error.
 */
import { ApiError, badBody } from "./api-error.ts";
import type { Attributes } from "./stage.ts";
import type { ToxicType } from "./toxic-types.ts";

export type Fields = ReadonlyMap<string, unknown>;

export function parseBody(text: string): unknown {
  if (text.trim() === "") throw badBody("EOF");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badBody(error instanceof Error ? error.message : "not JSON");
  }
}

/** Of an object; `null` has none. */
export function fieldsOf(value: unknown, what: string): Fields {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) throw badBody(`${what} is no object`);
  return new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]));
}

export function textField(fields: Fields, name: string, otherwise: string): string {
  const value = fields.get(name) ?? otherwise;
  if (typeof value !== "string") throw badBody(`${name} is no text`);
  return value;
}

export function flagField(fields: Fields, name: string, otherwise: boolean): boolean {
  const value = fields.get(name) ?? otherwise;
  if (typeof value !== "boolean") throw badBody(`${name} is neither true nor false`);
  return value;
}

/** A share, 0 … 1. */
export function toxicityField(fields: Fields, otherwise: number): number {
  const value = fields.get("toxicity") ?? otherwise;
  if (typeof value !== "number") throw badBody("toxicity is no number");
  if (!(value >= 0 && value <= 1)) throw badBody("toxicity is not between 0 and 1");
  return value;
}

/** What the body says of the attributes, over what they were; in the bounds of the type, or an error. */
export function attributesField(fields: Fields, type: ToxicType, before: Attributes | undefined): Attributes {
  const given = fieldsOf(fields.get("attributes"), "attributes");
  const attributes: Record<string, number | string> = {};
  for (const [name, rule] of Object.entries(type.attributes)) {
    const value = given.get(name) ?? before?.[name] ?? rule.otherwise;
    if ("oneOf" in rule) {
      if (typeof value !== "string" || !rule.oneOf.includes(value)) {
        throw badBody(`${name} is none of ${rule.oneOf.join(", ")}`);
      }
    } else {
      if (typeof value !== "number" || !Number.isInteger(value)) throw badBody(`${name} is no whole number`);
      if (value < rule.min || value > rule.max) throw badBody(`${name} is not between ${rule.min} and ${rule.max}`);
    }
    attributes[name] = value;
  }
  const objection = type.objection?.(attributes);
  if (objection !== undefined) throw new ApiError(`bad request body: ${objection}`, 400);
  return attributes;
}
