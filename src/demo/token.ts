import { SignJWT } from 'jose';

const LIFE = '30 days';

/** For trying things out: as an identity provider would sign it. */
export async function tokenFor(
  { id, role }: { readonly id: string; readonly role: string },
  jwtSecret: string,
): Promise<string> {
  return await new SignJWT({ roles: role === 'user' ? [] : [role] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(id)
    .setExpirationTime(LIFE)
    .sign(new TextEncoder().encode(jwtSecret));
}
