/** What a callback or a connect page says when it did not work. */
export interface ConnectFault {
  /**
   * `gone`: no flow of this browser's belongs to it, so that nobody can say what came of it. `changed`: what it was for is
   * another thing by now. `invalid`: it is no callback at all. `denied`: the person said no.
   * `failed`: the provider did not answer as it should.
   */
  readonly kind: "gone" | "changed" | "invalid" | "denied" | "failed";
  /** For people: what happened, and what to do. */
  readonly reason: string;
}

export const GONE: ConnectFault = {
  kind: "gone",
  reason:
    "It was used already, is too old, or was opened in another browser. If you have just connected an account, look whether it is: call the tool again, or run `mcp-plugin-server oauth status`. Otherwise ask for a new link and open it in this browser.",
};

export const CHANGED: ConnectFault = {
  kind: "changed",
  reason:
    "What the plugin connects to, for whom, or the address of this server is another one by now, so the answer was sent to nobody. Ask for a new link.",
};

export const REVOKED: ConnectFault = {
  kind: "changed",
  reason:
    "The token or key by which this was begun is not good for it any more, so the answer was sent to nobody. Ask for a new link.",
};
