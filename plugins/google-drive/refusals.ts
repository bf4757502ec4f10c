import { retryAfterMs, ToolError } from "mcp-plugin-server/plugin";
import { isRateLimit, type GoogleError } from "./google-error.ts";
import type { Answer } from "./request.ts";

/** What a request is about: it decides what there is to do when Google refuses it. */
export type Subject = "search" | "file" | "contents" | "sheet" | "changes";

const ADMINISTRATOR = "the server's administrator";

/** By Google's reason, what to do about a status 403. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  dailyLimitExceeded: `The quota of this server's Google project is used up for today. Try again tomorrow, or ask ${ADMINISTRATOR} to raise it.`,
  quotaExceeded: `The quota of this server's Google project is used up. Try again later, or ask ${ADMINISTRATOR} to raise it.`,
  downloadQuotaExceeded:
    "So many have downloaded this file that Google lets nobody for now. Try again in 24 hours.",
  domainPolicy:
    "The administrators of this Google Workspace domain do not let apps like this server in. They have to allow it.",
  appNotAuthorizedToFile: `The connection does not reach this file, because it was made for other scopes. Ask ${ADMINISTRATOR} to connect the account again.`,
  exportSizeLimitExceeded:
    "This file is too large to read: Google exports 10 MB at most. Open it in the browser instead.",
  fileNotExportable: "Google cannot export files of this type as text. Open it in the browser.",
  fileNotDownloadable: "Google cannot give this file out as it is. Open it in the browser.",
  cannotDownloadFile:
    "The owner of this file does not let its readers download it. Ask the owner to allow that.",
  cannotExportFile:
    "The owner of this file does not let its readers download it. Ask the owner to allow that.",
  cannotDownloadAbusiveFile:
    "Google holds this file for malware or spam, and does not give it out.",
  teamDriveMembershipRequired:
    "The connected account is no member of this shared drive. Ask one of its managers to add it.",
  insufficientPermissions:
    "The connected account may not do that, or it was connected without leave to see its files. Connect it again, and tick that box.",
  insufficientFilePermissions:
    "The connected account may not read this file. Ask its owner to share it with the account.",
};

const NOT_ENABLED = ["accessNotConfigured", "SERVICE_DISABLED"];

/** The person has not granted what this plugin asks for. */
export function lacksScopes({ status }: Answer, { reasons }: GoogleError): boolean {
  return status === 403 && reasons.has("ACCESS_TOKEN_SCOPE_INSUFFICIENT");
}

/** What can be done about an answer that is not 200. It repeats Google's own message, and nothing else of it. */
export function toRefusal(answer: Answer, error: GoogleError, subject: Subject): ToolError {
  const { status } = answer;
  const service = serviceOf(subject);
  const words = error.message === null ? "" : `: ${error.message}`;
  if (isRateLimit(answer, error)) {
    return tooMany(service, retryAfterMs(answer.headers, Date.now()));
  }
  switch (status) {
    case 400:
      return new ToolError(`${service} ${MISUSED[subject]}${words}.`);
    case 403:
      return forbidden(error, service, words);
    case 404:
      return new ToolError(NOT_FOUND[subject]);
    case 410:
      if (subject === "changes") return new ToolError(`${service} ${MISUSED.changes}${words}.`);
      return new ToolError(NOT_FOUND[subject]);
    default:
      if (status >= 500) return unavailable(service, `it answers with status ${status}`);
      return new ToolError(`${service} refused the request with status ${status}${words}.`);
  }
}

const MISUSED: Readonly<Record<Subject, string>> = {
  search:
    "does not take this search; a page token goes with the search that it came from, and a query needs quotes around its values",
  file: "does not take this file id",
  contents: "cannot give out this file's contents",
  sheet: "cannot read this as a spreadsheet, perhaps because it is an Excel file",
  changes:
    "does not take this page token. Call again without one, and keep the newStartPageToken that comes",
};

const NOT_FOUND: Readonly<Record<Subject, string>> = {
  search:
    "The folder or shared drive is not there, or the connected account may not see it. Check the id, or ask its owner to share it with the account.",
  file: "There is no such file, or the connected account may not see it. Check the id, or ask its owner to share it with the account.",
  contents:
    "The file's contents are not there any more, or the connected account may not see them.",
  sheet: "Google Sheets has no such spreadsheet, or the connected account may not see it.",
  changes:
    "The shared drive is not there, or the connected account may not see it. Check the id, or ask one of its managers to add the account.",
};

export function serviceOf(subject: Subject): string {
  return subject === "sheet" ? "Google Sheets" : "Google Drive";
}

/** For a service that cannot be reached, is broken, or takes too long. */
export function unavailable(service: string, reason: string): ToolError {
  return new ToolError(`${service} is not available: ${reason}. Try again later.`);
}

/** For an answer that is not as documented. The log says what was wrong with it. */
export function unexpected(service: string): ToolError {
  return new ToolError(
    `${service} answered something unexpected. Try again later; if that does not help, tell ${ADMINISTRATOR}.`,
  );
}

/** For a request that the server itself does not let out. */
export function notLetOut(host: string): ToolError {
  return new ToolError(
    `This server may not send requests to ${host}. Ask ${ADMINISTRATOR} to look at the settings baseUrl and sheetsUrl.`,
  );
}

/** @param address where a person connects the account */
export function connectAgain(why: string, address: string): ToolError {
  return new ToolError(`${why} Connect the account again: ${address}`, {
    data: { connect: address },
  });
}

function forbidden({ reasons }: GoogleError, service: string, words: string): ToolError {
  if (NOT_ENABLED.some((reason) => reasons.has(reason))) {
    const api = service === "Google Sheets" ? "sheets" : "drive";
    return new ToolError(
      `The ${service} API is not switched on in the Google project of this server. Ask ${ADMINISTRATOR} to enable it at https://console.cloud.google.com/apis/library/${api}.googleapis.com, and try again some minutes later.`,
    );
  }
  const known = [...reasons].find((reason) => Object.hasOwn(FORBIDDEN, reason));
  if (known !== undefined) return new ToolError(FORBIDDEN[known]!);
  return new ToolError(`${service} does not let the connected account do that${words}.`);
}

function tooMany(service: string, ms: number | null): ToolError {
  const seconds = ms === null ? null : Math.ceil(ms / 1_000);
  return new ToolError(
    `${service} takes no more requests of this account or server for now. Try again ${seconds === null ? "in a minute" : `in ${seconds} seconds`}.`,
    { data: { retryAfterSeconds: seconds } },
  );
}
