import type { ServerProof } from "../../core/auth/server-proof.ts";
import { AppError } from "../../errors.ts";
import type { Route } from "../route-table.ts";

/**
 * `/api/server-proof?challenge=…`: by which commands on the server's machine know that they speak with it. Open to anybody,
 * because it is asked before they send their token; what it answers is of use to nobody else.
 */
export function serverProofRoutes(proof: ServerProof): Route[] {
  return [
    {
      method: "GET",
      path: "/api/server-proof",
      policy: "public",
      async handle(request) {
        const challenge = new URL(request.url).searchParams.get("challenge") ?? "";
        const answer = await proof.answer(challenge);
        if (answer === null) throw new AppError("NOT_FOUND", "The challenge is none.");
        return Response.json({ proof: answer }, { headers: { "cache-control": "no-store" } });
      },
    },
  ];
}
