import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { answerJson, FaultScript, readText } from "./cloud-faults.ts";
import { listenOnLoopback } from "./listen.ts";
import { isSigned } from "./sigv4.ts";

export interface FakeSecretsManager {
  readonly url: string;
  readonly faults: FaultScript;
  /** The actions of all requests, in order, also of those that a fault met. */
  readonly actions: string[];
  /** The current values by name, also of deleted secrets that can be restored. */
  values(): ReadonlyMap<string, string>;
  /** Sets a value behind everybody's back. */
  tamper(name: string, value: string): void;
  close(): Promise<void>;
}

export const FAKE_AWS_KEY = {
  id: "AKIAFAKEFAKEFAKEFAKE",
  secret: "fake/secret+access=key",
  region: "eu-central-1",
};

interface Secret {
  /** Newest last. */
  readonly versions: { readonly id: string; readonly text: string }[];
  isDeleted: boolean;
}

/** How many requests for a name fail after it was deleted for good: Secrets Manager does that in the background. */
const LINGERING_REQUESTS = 1;
const NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;

/** The part of AWS Secrets Manager's JSON protocol that is about single secrets. Signatures are verified. */
export async function startFakeSecretsManager(): Promise<FakeSecretsManager> {
  const secrets = new Map<string, Secret>();
  const lingering = new Map<string, number>();
  const faults = new FaultScript();
  const actions: string[] = [];
  const service = { secrets, lingering };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readText(request);
    const target = String(request.headers["x-amz-target"]);
    const action = target.replace(/^secretsmanager\./, "");
    actions.push(action);
    if (request.method !== "POST" || request.url !== "/" || action === target) {
      return refuse(response, 404, "UnknownOperationException", "There is no such operation.");
    }
    if (!isSigned(request, body, FAKE_AWS_KEY)) {
      return refuse(response, 400, "InvalidSignatureException", "The signature does not match.");
    }
    const input = JSON.parse(body) as Record<string, unknown>;
    const name = String(input["SecretId"] ?? input["Name"]);
    const fault = faults.take(action);
    const found = secrets.get(name);
    switch (fault) {
      case "throttle":
        return refuse(response, 400, "ThrottlingException", "Rate exceeded");
      case "500":
        return refuse(response, 500, "InternalServiceError", "An error occurred on our side.");
      case "503":
        return refuse(response, 503, "ServiceUnavailable", "Try again later.");
      case "accessDenied":
        return refuse(
          response,
          400,
          "AccessDeniedException",
          `User: arn:aws:iam::1:user/x is not authorized to perform: secretsmanager:${action}`,
        );
      case "timeout":
        return undefined;
      case "reset":
        return void request.socket.destroy();
      case "deletedButRecoverable":
        if (found !== undefined) found.isDeleted = true;
        break;
      case "stale":
      case null:
    }
    return answer(service, { action, name, input, isStale: fault === "stale" }, response);
  };
  const server = createServer((request, response) => void serve(request, response));
  const { origin, close } = await listenOnLoopback(server);
  return {
    url: origin,
    faults,
    actions,
    values: () => new Map([...secrets].map(([name, { versions }]) => [name, newest(versions)])),
    tamper: (name, text) => void secrets.get(name)!.versions.push({ id: randomUUID(), text }),
    close,
  };
}

interface Call {
  readonly action: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
  readonly isStale: boolean;
}

function answer(
  { secrets, lingering }: { secrets: Map<string, Secret>; lingering: Map<string, number> },
  { action, name, input, isStale }: Call,
  response: ServerResponse,
): void {
  const secret = secrets.get(name);
  const text = input["SecretString"];
  if (text !== undefined && (typeof text !== "string" || text.length > 65_536 || text === "")) {
    return refuse(response, 400, "ValidationException", "secretString is too long or too short.");
  }
  const lingers = lingering.get(name) ?? 0;
  if (lingers > 0) {
    lingering.set(name, lingers - 1);
    if (action === "CreateSecret") return refuseDeleted(response, "is already scheduled for");
    return refuseMissing(response);
  }
  if (action === "CreateSecret") {
    if (!NAME.test(name)) return refuse(response, 400, "ValidationException", "Invalid name.");
    if (secret?.isDeleted) return refuseDeleted(response, "is already scheduled for");
    if (secret) return refuse(response, 400, "ResourceExistsException", `${name} exists.`);
    secrets.set(name, { versions: [versionOf(input)], isDeleted: false });
    return answerJson(response, 200, { Name: name });
  }
  if (action === "DeleteSecret") {
    if (input["ForceDeleteWithoutRecovery"] !== true) {
      return refuse(response, 400, "InvalidParameterException", "The fake deletes by force only.");
    }
    // A deletion by force takes a secret that is not there in good part.
    if (secret?.isDeleted) return refuseDeleted(response, "was marked for");
    if (secrets.delete(name)) lingering.set(name, LINGERING_REQUESTS);
    return answerJson(response, 200, { Name: name });
  }
  if (secret === undefined) return refuseMissing(response);
  if (action === "RestoreSecret") {
    secret.isDeleted = false;
    return answerJson(response, 200, { Name: name });
  }
  if (secret.isDeleted) return refuseDeleted(response, "was marked for");
  if (action === "PutSecretValue") {
    const version = versionOf(input);
    if (!secret.versions.some(({ id }) => id === version.id)) secret.versions.push(version);
    return answerJson(response, 200, { Name: name, VersionId: version.id });
  }
  if (action === "GetSecretValue") {
    const seen = isStale ? secret.versions.at(-2) : secret.versions.at(-1);
    if (seen === undefined) return refuseMissing(response);
    return answerJson(response, 200, { Name: name, SecretString: seen.text, VersionId: seen.id });
  }
  return refuse(response, 404, "UnknownOperationException", "There is no such operation.");
}

/** The token makes a repeated request one. */
function versionOf(input: Record<string, unknown>): Secret["versions"][number] {
  return { id: String(input["ClientRequestToken"]), text: String(input["SecretString"]) };
}

function newest(versions: Secret["versions"]): string {
  return versions.at(-1)!.text;
}

function refuseMissing(response: ServerResponse): void {
  const message = "Secrets Manager can't find the specified secret.";
  return refuse(response, 400, "ResourceNotFoundException", message);
}

function refuseDeleted(response: ServerResponse, state: string): void {
  const message = `You can't perform this operation on the secret because it ${state} deletion.`;
  return refuse(response, 400, "InvalidRequestException", message);
}

function refuse(response: ServerResponse, status: number, type: string, Message: string): void {
  answerJson(response, status, { __type: type, Message }, { "x-amzn-errortype": type });
}
