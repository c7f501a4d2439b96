import type { RateLimit } from './token-bucket';

/** What of the configuration the API needs. */
export interface ApiSettings {
  /** Origins whose pages may evaluate flags; `*` is every origin (SLUICE_CORS_ORIGINS). */
  corsOrigins: readonly string[];
  /** Express's `trust proxy`: whose X-Forwarded-For counts (SLUICE_TRUST_PROXY). */
  trustProxy: boolean | number | string;
  /** Where clients reach us, without a slash at the end (SLUICE_PUBLIC_URL). */
  publicUrl: string;
  limits: {
    /** Per token of a user. */
    token: RateLimit;
    /** Per evaluation key: a busy server evaluates thousands of flags a second. */
    evaluation: RateLimit;
    /** Per address, for requests without a token or with a bad one. */
    anonymous: RateLimit;
  };
  /** Compare every answer with its schema and fail when they differ: for tests. */
  checkAnswers: boolean;
}

/** Generous to clients that work in bursts, and too little to keep the service busy. */
export const DEFAULT_LIMITS: ApiSettings['limits'] = {
  token: { perSecond: 200, burst: 1_000 },
  evaluation: { perSecond: 20_000, burst: 40_000 },
  anonymous: { perSecond: 100, burst: 1_000 },
};
