/* oxlint-disable unicorn/prefer-add-event-listener -- the other way to listen is what is tested */
import { expect, it, vi } from "vitest";
import { guardListeners } from "../../src/host/guarded-signal.ts";

function guarded() {
  const controller = new AbortController();
  const report = vi.fn<(error: unknown) => void>();
  return { controller, report, signal: guardListeners(controller.signal, report) };
}

it("reports what a listener throws, and lets the others run", () => {
  const { controller, report, signal } = guarded();
  const fault = new Error("of a listener");
  const other = vi.fn<() => void>();
  signal.addEventListener("abort", () => {
    throw fault;
  });
  signal.addEventListener("abort", {
    handleEvent() {
      throw fault;
    },
  });
  signal.onabort = () => {
    throw fault;
  };
  signal.addEventListener("abort", other);
  controller.abort();
  expect(report.mock.calls).toEqual([[fault], [fault], [fault]]);
  expect(other).toHaveBeenCalledOnce();
});

it("removes listeners, honours once, and is still the signal that others know", async () => {
  const { controller, signal } = guarded();
  const gone = vi.fn<() => void>();
  const replaced = vi.fn<() => void>();
  signal.addEventListener("abort", gone);
  signal.removeEventListener("abort", gone);
  signal.onabort = replaced;
  signal.onabort = null;
  const waits = fetch("http://127.0.0.1:9/", { signal });
  controller.abort(new Error("enough"));
  await expect(waits).rejects.toThrow("enough");
  expect([gone.mock.calls, replaced.mock.calls, signal.onabort]).toEqual([[], [], null]);
  expect(AbortSignal.any([signal]).aborted).toBe(true);
});
