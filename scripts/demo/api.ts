/** A release as far as the demo looks at it. */
export interface Release {
  id: string;
  state: string;
  currentPhase: string | null;
  phases: { name: string; state: string; remainingMs: number | null }[];
}

/** An answer of the service that is a no. */
class RefusedRequest extends Error {
  constructor(
    request: string,
    readonly status: number,
    /** Of the problem: a sentence for people. */
    readonly detail: string,
  ) {
    super(`${request}: ${status} ${detail}`);
  }
}

/** One person or machine with a token. */
export class Api {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  async send<T>(method: string, target: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const response = await fetch(this.url + target, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      const { detail } = JSON.parse(text) as { detail: string };
      throw new RefusedRequest(`${method} ${target}`, response.status, detail);
    }
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The sentence with which a request is refused that has to be. */
  async refused(method: string, target: string, body?: unknown): Promise<string> {
    try {
      await this.send(method, target, body);
    } catch (error) {
      if (error instanceof RefusedRequest) {
        return error.detail;
      }
      throw error;
    }
    throw new Error(`${method} ${target} was not refused`);
  }

  release(id: string): Promise<Release> {
    return this.send('GET', `/v1/releases/${id}`);
  }

  act(id: string, action: string, reason?: string): Promise<Release> {
    return this.send('POST', `/v1/releases/${id}/${action}`, reason === undefined ? {} : { reason });
  }
}
