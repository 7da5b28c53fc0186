/** Those of the demo's people whose tokens are printed; sql/apps/demo/accounts.sql has them too. */

export type Person = { readonly id: string; readonly name: string; readonly role: string };

export const PEOPLE = {
  admin: { id: '00000000-0000-4000-8000-000000000001', name: 'Ada', role: 'admin' },
  investor: { id: '00000000-0000-4000-8000-000000000002', name: 'Ines', role: 'investor' },
  validator: { id: '00000000-0000-4000-8000-000000000003', name: 'Vera', role: 'validator' },
  user: { id: '00000000-0000-4000-8000-000000000004', name: 'Uma', role: 'user' },
} as const satisfies Record<string, Person>;

/** The others, by number: 1 to 588 are let in. */
export const OTHERS = 588;

export function otherId(number: number): string {
  return `00000000-0000-4000-9000-${number.toString(16).padStart(12, '0')}`;
}
