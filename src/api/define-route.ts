import type * as z from "zod";
import { AppError, InvalidInput, type ErrorCode } from "../errors.ts";
import { placesOf } from "./invalid-places.ts";
import { readJsonBody } from "./read-json-body.ts";
import type { Route, RouteCaller } from "./route-table.ts";

/** What a route answers with one status: JSON of a schema, other types of content, or nothing at all. */
export type AnswerContract = z.ZodType | { readonly type: string | readonly string[] } | null;

/** What a route takes and gives: it validates every request, and `openapi.json` is made of it. */
export interface RouteContract {
  /** One sentence. */
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerContract>>;
  /** Codes of problems that are its own: those of the gate and of invalid input go without saying. */
  readonly problems?: readonly ErrorCode[];
}

/** A part of a request that its schema has read; nothing where the contract has no such part. */
type Parsed<T> = T extends z.ZodType<infer Output> ? Output : undefined;

export interface DefinedRoute<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | undefined,
> extends Pick<RouteContract, "summary" | "answers" | "problems"> {
  readonly method: Route["method"];
  readonly path: string;
  readonly policy: Route["policy"];
  readonly refusesHead?: true;
  readonly isPublished?: true;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Bytes that the body may have, where it may have more than others. */
  readonly maxBodyBytes?: number;
  readonly handle: (
    input: { readonly params: Parsed<P>; readonly query: Parsed<Q>; readonly body: Parsed<B> },
    caller: RouteCaller,
    request: Request,
  ) => Response | Promise<Response>;
}

/**
 * A row of the route table whose input is read by schemas. A path that does not fit does not exist (`NOT_FOUND`); a query
 * that does not fit is `QUERY_INVALID`, a body `BODY_INVALID`, and neither answer repeats what was sent.
 */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(route: DefinedRoute<P, Q, B>): Route {
  const { method, path, policy, summary, params, query, body, answers, problems } = route;
  return {
    method,
    path,
    policy,
    ...(route.refusesHead && { refusesHead: true }),
    ...(route.isPublished && { isPublished: true }),
    contract: {
      summary,
      answers,
      ...(params && { params }),
      ...(query && { query }),
      ...(body && { body }),
      ...(problems && { problems }),
    },
    async handle(request, caller) {
      const input = {
        params: readParams(params, caller.params),
        query: readQuery(query, request),
        body: body && (await readJsonBody(request, body, route.maxBodyBytes)),
      };
      return route.handle(input as Parameters<typeof route.handle>[0], caller, request);
    },
  };
}

function readParams(schema: z.ZodObject | undefined, params: RouteCaller["params"]): unknown {
  const parsed = schema?.safeParse(params);
  if (parsed?.success === false) throw new AppError("NOT_FOUND", "There is nothing here.");
  return parsed?.data;
}

/** @throws AppError `QUERY_INVALID` naming the members that are wrong, and what is wrong in the schema's own words */
function readQuery(schema: z.ZodObject | undefined, { url }: Request): unknown {
  if (schema === undefined) return undefined;
  const { searchParams } = new URL(url);
  const names = [...searchParams.keys()];
  if (new Set(names).size < names.length) {
    throw new AppError("QUERY_INVALID", "The query is not valid: it says something twice.");
  }
  const parsed = schema.safeParse(Object.fromEntries(searchParams));
  if (parsed.success) return parsed.data;
  throw new InvalidInput("QUERY_INVALID", placesOf(parsed.error));
}
