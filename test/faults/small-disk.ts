import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A way to a disk that is full soon. */
export interface SmallDisk {
  readonly kind: "file limit" | "small disk";
  /**
   * The command that starts another so that it finds little room in a folder.
   *
   * @param room bytes: of each file, or of all together
   */
  readonly through: (argv: readonly string[], folder: string, room: number) => readonly string[];
}

/** The shell sets a limit on the length of every file: writes beyond it fail with EFBIG. */
const FILE_LIMIT: SmallDisk = {
  kind: "file limit",
  through: (argv, _folder, room) => [
    "sh",
    "-c",
    'ulimit -f "$0" && exec "$@"',
    `${Math.ceil(room / 512)}`,
    ...argv,
  ],
};

/** For this command alone, a file system of its own takes the folder's place: writes beyond its size fail with ENOSPC. */
const MOUNT = `
set -e
folder=$0 size=$1; shift
mkdir "$folder.behind"
mount --bind "$folder" "$folder.behind"
mount -t tmpfs -o "size=$size,mode=700" none "$folder"
cp -a "$folder.behind/." "$folder"
code=0; "$@" || code=$?
find "$folder.behind" -mindepth 1 -delete
cp -a "$folder/." "$folder.behind"
umount "$folder.behind"
rmdir "$folder.behind"
exit "$code"`;

const SMALL_FILE_SYSTEM: SmallDisk = {
  kind: "small disk",
  through: (argv, folder, room) => ["unshare", "-m", "sh", "-c", MOUNT, folder, `${room}`, ...argv],
};

/** Mounting takes rights that not everybody has. */
export function smallDisks(): readonly SmallDisk[] {
  const folder = mkdtempSync(join(tmpdir(), "mcp-faults-"));
  const [command = "", ...args] = SMALL_FILE_SYSTEM.through(["true"], folder, 65_536);
  const { status } = spawnSync(command, args);
  rmSync(folder, { recursive: true, force: true });
  return status === 0 ? [FILE_LIMIT, SMALL_FILE_SYSTEM] : [FILE_LIMIT];
}
