import { JwtPlugin, type Tool } from "mcp-plugin-server/plugin";

export default class LedgerPlugin extends JwtPlugin {
  readonly name = "ledger";
  readonly version = "1.0.0";
  readonly description = "Shows the token that a service account sends to the ledger.";
  protected readonly privateKeyDescription = "The private key of the service account, in PEM.";

  getTools(): Tool[] {
    return [{ name: "subject", description: "Tells as whom the ledger knows this server." }];
  }

  async executeTool() {
    const claims = { iss: "robot@ledger.example", aud: "https://ledger.example" };
    const token = await this.signToken(claims, { algorithm: "ES256", expiresInSeconds: 120 });
    const payload = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    return (JSON.parse(atob(payload)) as typeof claims).iss;
  }
}
