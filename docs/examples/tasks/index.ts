import { definePlugin, ToolError, z } from "mcp-plugin-server/plugin";

const taskSchema = z.object({
  id: z.int(),
  title: z.string(),
  done: z.boolean().default(false),
});

export default function createTasksPlugin() {
  const tasks = new Map<number, z.infer<typeof taskSchema>>();

  return definePlugin({
    name: "tasks",
    version: "1.0.0",
    description: "A list of things to do, for as long as the server runs.",

    config: z.strictObject({
      limit: z.int().min(1).default(100).describe("How many tasks the list may have."),
    }),

    tools: {
      add: {
        description: "Adds a task to the list.",
        input: z.strictObject({ title: z.string().trim().min(1).max(200) }),
        output: taskSchema,
        annotations: { destructiveHint: false, openWorldHint: false },
        handler: ({ title }, { config }) => {
          if (tasks.size >= config.limit) {
            throw new ToolError(`The list is full: it has ${tasks.size} tasks. Finish one first.`);
          }
          const task = { id: tasks.size + 1, title, done: false };
          tasks.set(task.id, task);
          return task;
        },
      },

      finish: {
        description: "Marks a task as done.",
        input: z.strictObject({ id: z.int() }),
        output: taskSchema,
        annotations: { idempotentHint: true, openWorldHint: false },
        handler: ({ id }) => {
          const task = tasks.get(id);
          if (task === undefined) {
            throw new ToolError(`There is no task ${id}.`, { data: { known: [...tasks.keys()] } });
          }
          task.done = true;
          return task;
        },
      },

      list: {
        description: "Lists the tasks.",
        output: z.object({ tasks: z.array(taskSchema) }),
        annotations: { readOnlyHint: true, openWorldHint: false },
        handler: () => {
          const all = [...tasks.values()];
          const lines = all.map(({ id, title, done }) => `${done ? "[x]" : "[ ]"} ${id}. ${title}`);
          return {
            content: [{ type: "text", text: lines.join("\n") || "Nothing to do." }],
            structuredContent: { tasks: all },
          };
        },
      },
    },
  });
}
