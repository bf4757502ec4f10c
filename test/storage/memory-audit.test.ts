import { createMemoryAudit } from "../../src/storage/memory-audit.ts";
import { auditStoreContract } from "../contract/audit-store.ts";

auditStoreContract("memory", {
  open: async () => {
    const store = createMemoryAudit();
    return { store, reopen: async () => store };
  },
});
