import { html } from "hono/html";
import { page } from "./page.ts";

/** What of a problem people can use. */
interface ShownProblem {
  readonly title: string;
  readonly detail?: string;
  readonly requestId: string;
}

/** The same for people: a problem becomes a page with its status; every other answer stays as it is. */
export async function problemPage(response: Response): Promise<Response> {
  if (response.headers.get("content-type") !== "application/problem+json") return response;
  const { title, detail, requestId } = (await response.json()) as ShownProblem;
  const shown = await page({
    title: "That did not work",
    status: response.status,
    body: html`<h1>That did not work</h1>
      <p class="fault" role="alert">${title}</p>
      ${detail === undefined ? "" : html`<p>${detail}</p>`}
      <p>In the server’s log: <code>${requestId}</code></p>`,
  });
  // When to come back, and what else stands in no body.
  for (const [name, value] of response.headers) {
    if (!name.startsWith("content-")) shown.headers.append(name, value);
  }
  return shown;
}
