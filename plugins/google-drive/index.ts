import { definePlugin } from "mcp-plugin-server/plugin";
import { AUTH } from "./auth.ts";
import { changesInput, changesOutput, listChanges } from "./changes.ts";
import { fileUri, readFileResource } from "./file-resource.ts";
import { get, getInput, getOutput } from "./get.ts";
import { read, readInput, readOutput } from "./read.ts";
import { search, searchInput, searchOutput } from "./search.ts";
import { settingsSchema } from "./settings.ts";

/** They change nothing, and ask a service on the internet. */
const ASKS = { readOnlyHint: true, openWorldHint: true };
/** Longer than the requests of one call may take together: the setting `timeoutMs` ends each of them before. */
const TIMEOUT_MS = 600_000;

/** Google Drive: the example of a plugin that reads an account by OAuth. It can change nothing there. */
export default definePlugin({
  name: "google-drive",
  version: "1.0.0",
  description: "Finds and reads files in Google Drive, and tells what has changed.",
  auth: AUTH,
  config: settingsSchema,
  tools: {
    search_files: {
      title: "Search Google Drive",
      description:
        "Finds files and folders in My Drive and in shared drives; all that is given must be so. What is in the trash is left out. Read a file that was found with read_file.",
      annotations: ASKS,
      timeoutMs: TIMEOUT_MS,
      input: searchInput,
      output: searchOutput,
      handler: search,
    },

    get_file: {
      title: "Look at a file",
      description:
        "Tells what Google Drive knows of a file without reading it: name, type, size, owners, times, link. Follows a shortcut.",
      annotations: ASKS,
      timeoutMs: TIMEOUT_MS,
      input: getInput,
      output: getOutput,
      handler: get,
    },

    read_file: {
      title: "Read a file",
      description:
        "Reads a file in Google Drive: documents as Markdown or text, a sheet of a spreadsheet as CSV, the text of presentations, drawings as PNG, text files as they are, and other files up to 2 MiB in base64. A long text comes in pieces.",
      annotations: ASKS,
      timeoutMs: TIMEOUT_MS,
      input: readInput,
      output: readOutput,
      handler: read,
    },

    list_changes: {
      title: "See what has changed",
      description:
        "Lists what has changed in Google Drive since a page token. Call once without any to get the token from which on to look.",
      annotations: ASKS,
      timeoutMs: TIMEOUT_MS,
      input: changesInput,
      output: changesOutput,
      handler: listChanges,
    },
  },

  resourceTemplates: {
    file: {
      title: "A file in Google Drive",
      description: "The contents of a file, by its id, as the tool read_file reads them.",
      uriTemplate: ({ pluginId }) => fileUri(pluginId, "{fileId}"),
      read: readFileResource,
    },
  },
});
