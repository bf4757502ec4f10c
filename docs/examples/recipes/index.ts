import { definePlugin, z } from "mcp-plugin-server/plugin";

const RECIPES = new Map([
  ["pancakes", "Flour, milk, eggs. Stir, and fry thin."],
  ["pesto", "Basil, pine nuts, cheese, oil. Grind."],
  ["ratatouille", "Aubergines, courgettes, peppers, tomatoes. Stew slowly."],
]);

const names = (typed: string) => [...RECIPES.keys()].filter((name) => name.startsWith(typed));

export default definePlugin({
  name: "recipes",
  version: "1.0.0",
  description: "Recipes as resources, and a prompt that cooks with them.",

  resources: {
    index: {
      title: "All recipes",
      mimeType: "application/json",
      uri: ({ pluginId }) => `recipes://${pluginId}/index`,
      read: () => JSON.stringify([...RECIPES.keys()]),
    },
  },

  resourceTemplates: {
    recipe: {
      title: "A recipe",
      mimeType: "text/plain",
      uriTemplate: ({ pluginId }) => `recipes://${pluginId}/recipe/{name}`,
      complete: { name: names },
      read: ({ name = "" }) => RECIPES.get(name) ?? null,
    },
  },

  prompts: {
    cook: {
      title: "Cook a dish",
      description: "Guides through a recipe.",
      input: z.object({
        dish: z.string().describe("What to cook."),
        people: z.coerce.number().int().min(1).default(2).describe("For how many."),
      }),
      complete: { dish: names },
      handler: ({ dish, people }, { plugin }) => ({
        messages: [
          {
            role: "user",
            content: {
              type: "text",
              text: `Guide me through ${dish} for ${people}, step by step.`,
            },
          },
          {
            role: "user",
            content: {
              type: "resource_link",
              uri: `recipes://${plugin.pluginId}/recipe/${dish}`,
              name: dish,
            },
          },
        ],
      }),
    },
  },
});
