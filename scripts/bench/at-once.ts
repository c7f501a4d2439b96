/** How many requests are under way together where many are sent: as from some CI jobs, not from one after the other. */
const AT_ONCE = 8;

/** Does it with every item, some at a time, and resolves when all are done; the first failure is thrown. */
export async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    // All lanes draw from the one iterator.
    for (const item of rest) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
