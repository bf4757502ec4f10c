import * as z from "zod";
import type { KeyDirectory } from "../../core/auth/key-directory.ts";
import { SIGN_IN_SECONDS, type SignIns } from "../../core/auth/sign-in.ts";
import type { Principal } from "../../types/principal.ts";
import type { SignInSession } from "../../types/sign-in.ts";
import type { Cookies } from "../cookies.ts";
import { defineRoute } from "../define-route.ts";
import { isSameOrigin } from "../middleware/same-origin.ts";
import { problem } from "../problem.ts";
import type { Route } from "../route-table.ts";
import { time } from "../schemas.ts";

const sessionAnswer = z
  .object({
    id: z.string().meta({ description: "Of the token that was given." }),
    scopes: z.array(z.string()).meta({ description: "Rights, and the names of roles." }),
    csrfToken: z.string().nullable().meta({
      description:
        "What a page sends as X-CSRF-Token with every change; null for a caller with a token.",
    }),
    expiresAt: time.nullable().meta({ description: "When the session ends, whatever happens." }),
  })
  .meta({ id: "Session" });

const signInBody = z.strictObject({
  token: z.string().min(1).max(4_096).meta({ description: "A token of the admin API." }),
});

const signOutQuery = z.strictObject({
  everywhere: z.enum(["true", "false"]).default("false").meta({
    description: "Whether to end the sessions of all browsers that gave the same token.",
  }),
});

export interface SessionRoutesDeps {
  readonly signIns: SignIns;
  readonly keys: Pick<KeyDirectory, "authenticate">;
  readonly cookies: Cookies;
  readonly publicUrl: () => string;
}

/** `/api/session`: a browser signs in with a token, and out again. */
export function sessionRoutes(deps: SessionRoutesDeps): Route[] {
  const { signIns, keys, cookies, publicUrl } = deps;
  return [
    defineRoute({
      method: "POST",
      path: "/api/session",
      policy: "public",
      summary: "Signs a browser in with a token of the admin API.",
      body: signInBody,
      answers: { 200: sessionAnswer },
      problems: ["UNAUTHENTICATED", "FORBIDDEN", "CSRF_REFUSED"],
      async handle({ body }, { requestId, refused }, request) {
        // Or a foreign page could sign a person in as somebody else.
        if (!isSameOrigin(request.headers, publicUrl())) return problem("CSRF_REFUSED", requestId);
        const person = await keys.authenticate(`Bearer ${body.token}`);
        if (person?.kind !== "user") {
          const reason = person === null ? "UNAUTHENTICATED" : "FORBIDDEN";
          return refused({ reason, principal: person }) ?? problem(reason, requestId);
        }
        const { secret, session } = await signIns.begin(person, requestId);
        return Response.json(toAnswer(person, session), {
          headers: {
            "set-cookie": cookies.write("session", secret, SIGN_IN_SECONDS),
            "cache-control": "no-store",
          },
        });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/session",
      policy: "self",
      summary: "Says who the caller is and what they may do.",
      answers: { 200: sessionAnswer },
      handle: (_, { principal, session }) => Response.json(toAnswer(principal, session)),
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/session",
      policy: "self",
      summary: "Signs out: in this browser, or everywhere.",
      query: signOutQuery,
      answers: { 204: null },
      async handle({ query }, { principal, session, requestId }) {
        if (query.everywhere === "true") await signIns.endAll(principal, requestId);
        else if (session !== undefined)
          await signIns.end({ person: principal, session }, requestId);
        const headers = { "set-cookie": cookies.write("session", "", 0) };
        return new Response(null, { status: 204, headers });
      },
    }),
  ];
}

function toAnswer({ id, scopes }: Principal, session: SignInSession | undefined) {
  const { csrfToken = null, expiresAt = null } = session ?? {};
  return { id, scopes, csrfToken, expiresAt };
}
