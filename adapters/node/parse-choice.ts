import { AppError } from "../../src/index.ts";

/** @throws AppError `CONFIG_INVALID` that names the choices */
export function parseChoice<const T extends string>(
  name: string,
  text: string,
  choices: readonly T[],
): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw new AppError(
    "CONFIG_INVALID",
    `${name} must be one of ${choices.join(", ")}, not "${text}".`,
  );
}
