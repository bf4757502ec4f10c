import { onTestFinished } from "vitest";
import { grantAs } from "../helpers/oidc-person.ts";
import { startOidcServer, type OidcServer } from "../helpers/oidc-server.ts";
import { makePlaceFolder } from "./node-place.ts";
import { openTokenPlace, REDIRECT_URI, type TokenPlace } from "./token-place.ts";

export interface ConnectedPlace {
  readonly path: string;
  readonly oidc: OidcServer;
  readonly place: TokenPlace;
}

/** A folder with a connected account, and the server that gave it. Closed and removed when the test ends. */
export async function openConnectedPlace(options: {
  readonly honoursPrevious?: boolean;
  /** Of an access token; an hour when left out. */
  readonly seconds?: number;
}): Promise<ConnectedPlace> {
  const { path, remove } = makePlaceFolder();
  onTestFinished(remove);
  const oidc = await startOidcServer({
    redirectUris: [REDIRECT_URI],
    accessTokenSeconds: options.seconds ?? 3_600,
    honoursPrevious: options.honoursPrevious ?? false,
  });
  const place = await openTokenPlace(path, oidc.issuer);
  onTestFinished(() => place.close());
  await connectAccount(place);
  return { path, oidc, place };
}

/** As a person does. */
export async function connectAccount({ client, tokens, account }: TokenPlace): Promise<void> {
  const flow = { state: "s".repeat(43), codeVerifier: "v".repeat(43) };
  const left = await client.authorizationUrl(account.spec, flow);
  if (!left.ok) throw new Error(left.reason.reason);
  const { url, issuer } = left.value;
  const { searchParams: callback } = await grantAs(url, REDIRECT_URI);
  const granted = await client.exchange(account.spec, { ...flow, issuer, callback });
  if (!granted.ok) throw new Error(granted.reason.reason);
  await tokens.connect(account, granted.value, () => Promise.resolve(null));
}

/** What the provider itself says of a token. */
export async function isGoodToken({ provider }: OidcServer, accessToken: string): Promise<boolean> {
  const found = await provider.AccessToken.find(accessToken);
  return found !== undefined && found.isValid;
}
