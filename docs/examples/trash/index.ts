import {
  accepted,
  declined,
  definePlugin,
  elicit,
  inputRequired,
  z,
} from "mcp-plugin-server/plugin";

const CONFIRM = elicit("Empty the trash? Nothing in it can be brought back.", {
  type: "object",
  properties: { sure: { type: "boolean", title: "Yes, empty it", default: false } },
  required: ["sure"],
});

export default function createTrashPlugin() {
  let files = ["draft.txt", "old.png"];

  return definePlugin({
    name: "trash",
    version: "1.0.0",
    description: "A trash that asks before it is emptied.",
    tools: {
      empty: {
        description: "Empties the trash, after asking the person.",
        annotations: { destructiveHint: true, openWorldHint: false },
        output: z.object({ deleted: z.array(z.string()) }),
        handler: (_args, { call }) => {
          const answer = accepted(call.input, "confirm");
          if (answer === null && !declined(call.input, "confirm")) {
            return inputRequired({ inputRequests: { confirm: CONFIRM }, state: files });
          }
          if (answer?.["sure"] !== true) return { deleted: [] };
          // What was there when the person was asked; what came later stays.
          const deleted = (call.input?.state ?? []) as string[];
          files = files.filter((file) => !deleted.includes(file));
          return { deleted };
        },
      },
    },
  });
}
