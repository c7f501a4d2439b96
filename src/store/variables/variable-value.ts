import type { SecretBox } from '../secret-box';
import type { Bit } from '../tables';

/** A variable as it is kept: its value sealed where it is sensitive. */
export interface StoredVariable {
  id: string;
  name: string;
  value: string;
  sensitive: Bit;
}

/** The value itself. Throws when the store's `SLUICE_SECRET_KEY` is not the one it was sealed under. */
export function openVariable(
  secretBox: SecretBox,
  { id, value, sensitive }: Pick<StoredVariable, 'id' | 'value' | 'sensitive'>,
): string {
  return sensitive === 1 ? secretBox.open(value, id) : value;
}

/** What is kept of a value. It is bound to its row: copied into another one, it does not open. */
export function sealVariable(secretBox: SecretBox, id: string, value: string, sensitive: boolean): string {
  return sensitive ? secretBox.seal(value, id) : value;
}
