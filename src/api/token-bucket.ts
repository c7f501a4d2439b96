/** How much one holder of a token may ask for. */
export interface RateLimit {
  perSecond: number;
  /** How many may come at once after a quiet time. */
  burst: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** Above this many names the full buckets are dropped: they say no more than a new one would. */
const SWEEP_ABOVE = 10_000;

/** Lets each name through `perSecond` times a second on average, and up to `burst` times at once (HTTP-9). */
export class TokenBucket {
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    readonly limit: RateLimit,
    private readonly now: () => number,
  ) {}

  /** Takes one: 0 when there was one, else the seconds after which there will be. */
  take(name: string): number {
    const at = this.now();
    const bucket = this.#buckets.get(name) ?? this.#open(name, at);
    bucket.left = this.#leftAt(bucket, at);
    bucket.at = at;
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil((1 - bucket.left) / this.limit.perSecond));
  }

  #open(name: string, at: number): Bucket {
    if (this.#buckets.size >= SWEEP_ABOVE) {
      this.#sweep(at);
    }
    const bucket = { left: this.limit.burst, at };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #sweep(at: number): void {
    for (const [name, bucket] of this.#buckets) {
      if (this.#leftAt(bucket, at) >= this.limit.burst) {
        this.#buckets.delete(name);
      }
    }
    // All of them busy: somebody makes names up. Starting over is generous to them and bounded for us.
    if (this.#buckets.size >= SWEEP_ABOVE) {
      this.#buckets.clear();
    }
  }

  #leftAt(bucket: Bucket, at: number): number {
    const refilled = (Math.max(0, at - bucket.at) / 1_000) * this.limit.perSecond;
    return Math.min(this.limit.burst, bucket.left + refilled);
  }
}
