/** What people can be told of (NOT-1, NOT-2). Receivers compare these words: none is renamed or given another meaning. */
export const NOTIFICATION_TYPES = [
  'review-due',
  'interruption-raised',
  'interruption-aborted',
  'deployment-failed',
  'phase-failed',
  'release-aborted',
  'release-completed',
  'defect-raised',
  'defect-resolved',
] as const;

export type NotificationType = (typeof NOTIFICATION_TYPES)[number];
