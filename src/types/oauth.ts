/** A token as a plugin sees it. `expiresAt` is in milliseconds since the epoch. */
export interface OAuthToken {
  accessToken: string;
  refreshToken?: string;
  expiresAt: number;
  scope: string;
  tokenType: "Bearer" | (string & {});
}
