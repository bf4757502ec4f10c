import type { CallContext, MCPPlugin, PluginContext, Resource, Tool } from "../../types/plugin.ts";

/** What the base classes share: the context, and empty answers to what a plugin need not have. */
export abstract class BasePlugin implements MCPPlugin {
  abstract readonly name: string;
  abstract readonly version: string;
  abstract readonly description: string;
  #context: PluginContext | null = null;

  /** @throws Error before `initialize` */
  protected get context(): PluginContext {
    if (this.#context === null) throw new Error(`Plugin "${this.name}" is not initialized.`);
    return this.#context;
  }

  async initialize(context: PluginContext): Promise<void> {
    this.#context = context;
  }

  abstract getTools(): Tool[];
  abstract executeTool(name: string, args: unknown, call?: CallContext): Promise<unknown>;

  getResources(): Resource[] {
    return [];
  }

  async cleanup(): Promise<void> {
    this.#context = null;
  }
}
