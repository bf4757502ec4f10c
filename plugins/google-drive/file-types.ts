const GOOGLE = "application/vnd.google-apps.";

/** What people call a type, and Google's name for it; one that ends in "/" stands for all that begin so. */
const TYPES = {
  document: `${GOOGLE}document`,
  spreadsheet: `${GOOGLE}spreadsheet`,
  presentation: `${GOOGLE}presentation`,
  drawing: `${GOOGLE}drawing`,
  form: `${GOOGLE}form`,
  script: `${GOOGLE}script`,
  folder: `${GOOGLE}folder`,
  shortcut: `${GOOGLE}shortcut`,
  pdf: "application/pdf",
  image: "image/",
  audio: "audio/",
  video: "video/",
  text: "text/",
} as const;

export type FileType = keyof typeof TYPES;

export const FILE_TYPES = Object.keys(TYPES) as [FileType, ...FileType[]];

export function mimeTypeOf(type: FileType): string {
  return TYPES[type];
}

/** `other` for what has no name here. */
export function typeOf(mimeType: string): FileType | "other" {
  const found = FILE_TYPES.find((type) => {
    const name = TYPES[type];
    return name.endsWith("/") ? mimeType.startsWith(name) : mimeType === name;
  });
  return found ?? "other";
}

/** Such files have no bytes of their own: Google makes them when it is asked to. */
export function isGoogleType(mimeType: string): boolean {
  return mimeType.startsWith(GOOGLE);
}
