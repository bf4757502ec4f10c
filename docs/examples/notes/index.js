export default class NotesPlugin {
  name = "notes";
  version = "1.0.0";
  description = "Notes that are resources; the list of them changes.";
  notes = new Map();

  async initialize(context) {
    this.context = context;
  }

  uriOf(title) {
    return `notes://${this.context.pluginId}/${encodeURIComponent(title)}`;
  }

  getTools() {
    return [
      {
        name: "write",
        description: "Writes a note, or writes it anew.",
        inputSchema: {
          type: "object",
          properties: { title: { type: "string", minLength: 1 }, text: { type: "string" } },
          required: ["title", "text"],
        },
      },
    ];
  }

  getResources() {
    return [...this.notes.keys()].map((title) => ({
      uri: this.uriOf(title),
      name: title,
      mimeType: "text/plain",
    }));
  }

  async readResource(uri) {
    const title = [...this.notes.keys()].find((it) => this.uriOf(it) === uri);
    return title === undefined ? null : this.notes.get(title);
  }

  async executeTool(_name, { title, text }) {
    const isNew = !this.notes.has(title);
    this.notes.set(title, text);
    if (isNew) this.context.changed("resources");
    else this.context.resourceUpdated(this.uriOf(title));
    return `Wrote "${title}".`;
  }

  async cleanup() {
    this.notes.clear();
  }
}
