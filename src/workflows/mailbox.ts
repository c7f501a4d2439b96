import type { AcceptedAction } from '../domain/accepted-action';

/** Accepted actions by number, however often and in whatever order they are told. */
export class Mailbox {
  private readonly byNumber = new Map<number, AcceptedAction>();

  /** Adds what is not there yet. */
  add(actions: readonly AcceptedAction[]): void {
    for (const action of actions) {
      this.byNumber.set(action.number, action);
    }
  }

  /** Forgets what is decided, and returns what is left, by number. */
  after(decided: number): AcceptedAction[] {
    for (const number of this.byNumber.keys()) {
      if (number <= decided) {
        this.byNumber.delete(number);
      }
    }
    return [...this.byNumber.values()].sort((a, b) => a.number - b.number);
  }

  /** Whether the action that is to be decided next is here. */
  hasNext(decided: number): boolean {
    return this.byNumber.has(decided + 1);
  }
}
