import { readBody } from "../core/read-body.ts";
import { AppError } from "../errors.ts";

/** A page's form has a secret in it at most: an access token of 8 KiB with its name, and more where it must be escaped. */
const MAX_FORM_BYTES = 16 * 1024;

/** The fields of a form that a page of ours has sent. @throws AppError `BODY_INVALID`, `BODY_TOO_LARGE` */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(type)) {
    throw new AppError("BODY_INVALID", "The body is not valid: it is no form.");
  }
  const text = await readBody(request, MAX_FORM_BYTES);
  if (text.ok) return new URLSearchParams(text.value);
  if (text.reason === "unreadable") {
    throw new AppError("BODY_INVALID", "The body is not valid: it cannot be read.");
  }
  throw new AppError("BODY_TOO_LARGE", `The body has more than ${MAX_FORM_BYTES} bytes.`);
}
