/** A phase in both environments of the project. */
export const phase = (name: string, bakeMs: number, more: object = {}) => ({
  name,
  bakeMs,
  rules: [{ environments: ['staging', 'production'] }],
  ...more,
});

/** A phase that waits for an approval, which may be its author's. */
export const REVIEW = { requiredReview: { authorMayApprove: true } };
