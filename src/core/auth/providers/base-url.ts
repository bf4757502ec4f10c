/** The address of a provider that operators host themselves, without a slash at its end; `null` when it is none. */
export function readBaseUrl(setting: string | undefined, usual: string): string | null {
  if (setting === undefined) return usual;
  const url = URL.parse(setting);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return null;
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
