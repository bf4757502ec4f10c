export default class DicePlugin {
  name = "dice";
  version = "1.0.0";
  description = "Rolls dice.";

  async initialize(context) {
    this.log = context.logger;
  }

  getTools() {
    return [
      {
        name: "roll",
        description: "Rolls dice and answers each of them and their sum.",
        inputSchema: {
          type: "object",
          properties: {
            count: { type: "integer", minimum: 1, maximum: 100 },
            sides: { type: "integer", minimum: 2, maximum: 1000 },
          },
          required: ["count", "sides"],
        },
      },
    ];
  }

  getResources() {
    return [];
  }

  async executeTool(name, { count, sides }) {
    const dice = Array.from({ length: count }, () => 1 + Math.floor(Math.random() * sides));
    this.log.debug("Rolled", { count, sides });
    return { dice, sum: dice.reduce((sum, die) => sum + die, 0) };
  }

  async cleanup() {}
}
