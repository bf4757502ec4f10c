import { definePlugin } from "mcp-plugin-server/plugin";

export default definePlugin({
  name: "mailbox",
  version: "1.0.0",
  description: "Tells each of its users whose mailbox they have connected.",
  auth: {
    type: "api-key",
    required: true,
    owner: "user",
    fields: {
      app_password: {
        type: "password",
        required: true,
        description: "An app password, from the mailbox's settings.",
        validation: /^([a-z]{4} ?){4}$/,
      },
      server: {
        type: "url",
        required: false,
        description: "Where your mail is, if not at mail.example.",
      },
    },
  },
  tools: {
    server: {
      description: "Tells where the caller's mail is.",
      handler: async (_args, { plugin }) =>
        (await plugin.getCredential("server")) ?? "https://mail.example",
    },
  },
});
