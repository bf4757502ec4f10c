import { InvalidArgumentError, Option, type Command } from "commander";
import { systemTime } from "../runtime.ts";
import type { AuditFlags, ExportFlags, TailFlags } from "./audit.ts";
import { addCommandGroup } from "./command-group.ts";
import type { CommandContext } from "./credentials.ts";
import { addFileFlags } from "./file-flags.ts";
import { parseMoment } from "./moment.ts";

const OUTCOMES = ["started", "ok", "refused", "failed"];

/**
 * `audit`. What the commands need is loaded when one runs: a start of the server need not pay for it.
 *
 * @param fail is called when a check has found something
 */
export function addAuditCommands(
  program: Command,
  context: CommandContext,
  fail: () => void,
): void {
  const about =
    "the record of who used which credential; reads the data folder, also beside a server";
  const audit = addCommandGroup(program, "audit", about);

  addFilters(audit.command("tail"))
    .description("print the last records")
    .addOption(new Option("-n, --lines <count>", "how many").default(20).argParser(count))
    .option("-f, --follow", "go on with those that come")
    .option("--json", "print one JSON object a line")
    .action(async (flags: TailFlags) => (await import("./audit.ts")).tailAudit(context, flags));

  addFilters(audit.command("export"))
    .description("print all records, or write them into a file")
    .addOption(
      new Option("--format <format>", "jsonl or csv").choices(["jsonl", "csv"]).default("jsonl"),
    )
    .option("-o, --output <file>", "a file that is not there yet")
    .option("--json", "print JSON: the same as --format jsonl")
    .action(async (flags: ExportFlags) => (await import("./audit.ts")).exportAudit(context, flags));

  addFileFlags(audit.command("verify"))
    .description("check every record, and name what was changed, removed or put in")
    .option("--json", "print JSON")
    .action(async (flags: AuditFlags) => {
      const { verifyAudit } = await import("./audit.ts");
      if (!(await verifyAudit(context, flags))) fail();
    });
}

function addFilters(command: Command): Command {
  return addFileFlags(command)
    .option("--actor <actor>", "such as plugin:openweathermap or user:local")
    .option("--action <action>", "such as credential.read")
    .option("--plugin <id>", "the plugin's id")
    .addOption(new Option("--outcome <outcome>", "how it went").choices(OUTCOMES))
    .option("--since <moment>", "a date, a time, or how long ago: 30m, 12h, 7d", moment)
    .option("--until <moment>", "the same", moment);
}

function moment(text: string): number {
  return parseMoment(text, systemTime.now());
}

function count(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number.");
}
