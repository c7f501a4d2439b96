/** A piece of output that is ready, or a value that is still to be written. */
type Task = { text: string } | { value: unknown };

/**
 * The same text for the same JSON content: keys sorted by code unit, `undefined` members dropped, no white space. What
 * is compared for "same body" (HTTP-6), "same content" (PIPE-5, HTTP-7) and digests (CHG-1). Non-finite numbers are
 * written as `null`, as JSON does. Never overflows the stack, however deep the value is.
 */
export function canonicalJson(value: unknown): string {
  const parts: string[] = [];
  const tasks: Task[] = [{ value }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ('text' in task) {
      parts.push(task.text);
    } else if (Array.isArray(task.value)) {
      pushArray(task.value, tasks);
    } else if (typeof task.value === 'object' && task.value !== null) {
      pushObject(task.value as Record<string, unknown>, tasks);
    } else {
      parts.push(JSON.stringify(task.value) ?? 'null');
    }
  }
  return parts.join('');
}

// Tasks are taken from the end, so both write their parts in reverse.

function pushArray(array: unknown[], tasks: Task[]): void {
  tasks.push({ text: ']' });
  for (let index = array.length - 1; index >= 0; index--) {
    tasks.push({ value: array[index] });
    if (index > 0) {
      tasks.push({ text: ',' });
    }
  }
  tasks.push({ text: '[' });
}

function pushObject(object: Record<string, unknown>, tasks: Task[]): void {
  const keys = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort();
  tasks.push({ text: '}' });
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] as string;
    tasks.push({ value: object[key] }, { text: `${index > 0 ? ',' : ''}${JSON.stringify(key)}:` });
  }
  tasks.push({ text: '{' });
}
