/**
 * The form under which an address is unique: NFC and lower case. The local part is case-sensitive by RFC 5321 and
 * nowhere in practice; two accounts that differ by case alone would be one person locked out.
 */
export const addressKey = (email: string): string => email.normalize('NFC').toLowerCase()
